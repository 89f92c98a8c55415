-- When is the load on the origin highest? Requests and bytes per minute, for the twenty busiest
-- minutes.
with cdn_requests as (
    select * from {{ ref('cdn_requests') }}
    where
        dt between date '{{ var("from_date", "2025-01-01") }}'
        and date '{{ var("to_date", "2025-01-14") }}'
),

cdn_cache_statuses as (
    select * from {{ ref('cdn_cache_statuses') }}
),

final as (
    select
        date_trunc('minute', cdn_requests.request_ts) as minute_ts,
        count(*) as requests,
        count(*) filter (cdn_cache_statuses.waits_for_origin or cdn_requests.cache_status = 'stale')
            as origin_requests,
        coalesce(
            sum(cdn_requests.response_bytes) filter (not cdn_cache_statuses.is_served_by_edge), 0
        ) as origin_bytes
    from cdn_requests
    inner join cdn_cache_statuses
        on cdn_requests.cache_status = cdn_cache_statuses.cache_status
    group by date_trunc('minute', cdn_requests.request_ts)
)

select * from final
order by origin_requests desc, minute_ts asc
limit 20
