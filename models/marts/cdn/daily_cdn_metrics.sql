{{ config(
    incremental_strategy='delete+insert',
    unique_key=['edge', 'region', 'title_id', 'content_class', 'activity_date'],
) }}

with cdn_requests as (
    select * from {{ ref('cdn_requests') }}
    where {{ affected_keys(
        ref('cdn_requests'), keys=['edge', 'region', 'title_id', 'content_class', 'dt']
    ) }}
),

cdn_cache_statuses as (
    select * from {{ ref('cdn_cache_statuses') }}
),

final as (
    select
        ---------- ids
        cdn_requests.edge,
        cdn_requests.region,
        cdn_requests.title_id,
        cdn_requests.content_class,
        cdn_requests.dt as activity_date,

        ---------- measures
        count(*) as requests,
        count(*) filter (cdn_cache_statuses.is_served_by_edge) as edge_requests,
        count(*) filter (cdn_requests.cache_status = 'hit') as hits,
        count(*) filter (cdn_requests.cache_status = 'stale') as stale_hits,
        count(*) filter (cdn_requests.cache_status = 'revalidated') as revalidations,
        count(*) filter (cdn_requests.cache_status = 'expired') as expirations,
        count(*) filter (cdn_requests.cache_status = 'miss') as misses,
        count(*) filter (cdn_requests.cache_status = 'bypass') as bypasses,
        -- A stale copy is renewed in the background, which is also a request to the origin.
        count(*) filter (cdn_cache_statuses.waits_for_origin or cdn_requests.cache_status = 'stale')
            as origin_requests,
        cast(sum(cdn_requests.response_bytes) as bigint) as response_bytes,
        cast(coalesce(
            sum(cdn_requests.response_bytes) filter (cdn_cache_statuses.is_served_by_edge), 0
        ) as bigint) as edge_bytes,
        cast(coalesce(
            sum(cdn_requests.response_bytes) filter (not cdn_cache_statuses.is_served_by_edge), 0
        ) as bigint) as origin_bytes,
        cast(sum(cdn_requests.time_to_first_byte_ms) as decimal(38, 3))
            as time_to_first_byte_sum_ms,
        cast(sum(
            case
                when cdn_cache_statuses.waits_for_origin then 0
                else cdn_requests.time_to_first_byte_ms
            end
        ) as decimal(38, 3)) as edge_time_to_first_byte_sum_ms,
        count(*) filter (not cdn_cache_statuses.waits_for_origin) as immediate_requests,

        ---------- metadata
        max(cdn_requests.batch_id) as batch_id
    from cdn_requests
    inner join cdn_cache_statuses
        on cdn_requests.cache_status = cdn_cache_statuses.cache_status
    group by
        cdn_requests.edge,
        cdn_requests.region,
        cdn_requests.title_id,
        cdn_requests.content_class,
        cdn_requests.dt
)

select * from final
