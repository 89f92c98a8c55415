{{ config(materialized='view') }}

with cdn_requests as (
    select * from {{ ref('cdn_requests') }}
    where content_class = 'static'
),

cdn_invalidations as (
    select * from {{ ref('cdn_invalidations') }}
),

-- How long a copy is fresh after each request: a filled or renewed copy its full TTL, another copy
-- the rest of its TTL.
copies as (
    select
        *,
        request_ts + interval (
            case when cache_status = 'hit' then ttl_seconds - age_seconds else ttl_seconds end
        ) second as fresh_until
    from cdn_requests
),

-- The newest copy of each object at each edge that an invalidation dropped while it was fresh.
dropped_copies as (
    select
        cdn_invalidations.invalidation_id,
        cdn_invalidations.invalidated_at,
        copies.edge,
        copies.object,
        arg_max(copies.fresh_until, copies.request_ts) as fresh_until
    from cdn_invalidations
    inner join copies
        on
            cdn_invalidations.invalidated_at > copies.request_ts
            and cast(cdn_invalidations.invalidated_at as date) >= copies.dt
            and cast(cdn_invalidations.invalidated_at as date) - {{ var('longest_ttl_days') }}
            <= copies.dt
            and (cdn_invalidations.edge is null or cdn_invalidations.edge = copies.edge)
            and starts_with(copies.object, cdn_invalidations.object_prefix)
    group by
        cdn_invalidations.invalidation_id,
        cdn_invalidations.invalidated_at,
        copies.edge,
        copies.object
    having arg_max(copies.fresh_until, copies.request_ts) > cdn_invalidations.invalidated_at
),

-- Requests that found no copy, but would have found a fresh one without the invalidation: those up
-- to the first request that found one again.
requests_after as (
    select
        dropped_copies.invalidation_id,
        dropped_copies.edge,
        dropped_copies.object,
        copies.cache_status,
        copies.response_bytes,
        copies.time_to_first_byte_ms,
        bool_or(copies.cache_status <> 'miss') over (
            partition by dropped_copies.invalidation_id, dropped_copies.edge, dropped_copies.object
            order by copies.request_ts, copies.request_id
            rows between unbounded preceding and current row
        ) as is_filled_again
    from dropped_copies
    inner join copies
        on
            dropped_copies.edge = copies.edge
            and dropped_copies.object = copies.object
            and dropped_copies.invalidated_at <= copies.request_ts
            and dropped_copies.fresh_until > copies.request_ts
            and cast(dropped_copies.invalidated_at as date) <= copies.dt
            and cast(dropped_copies.invalidated_at as date) + {{ var('longest_ttl_days') }}
            >= copies.dt
),

edge_latencies as (
    select
        edge,
        avg(time_to_first_byte_ms) as hit_time_to_first_byte_ms
    from copies
    where cache_status = 'hit'
    group by edge
),

extra_misses as (
    select
        requests_after.invalidation_id,
        count(*) as extra_misses,
        sum(requests_after.response_bytes) as extra_origin_bytes,
        sum(requests_after.time_to_first_byte_ms - edge_latencies.hit_time_to_first_byte_ms)
            as extra_ms
    from requests_after
    left join edge_latencies
        on requests_after.edge = edge_latencies.edge
    where not requests_after.is_filled_again
    group by requests_after.invalidation_id
),

copies_dropped as (
    select
        invalidation_id,
        count(*) as fresh_copies_dropped
    from dropped_copies
    group by invalidation_id
),

final as (
    select
        ---------- ids
        cdn_invalidations.invalidation_id,

        ---------- dimensions
        cdn_invalidations.edge,
        cdn_invalidations.object_prefix,
        cdn_invalidations.reason,

        ---------- measures
        coalesce(copies_dropped.fresh_copies_dropped, 0) as fresh_copies_dropped,
        coalesce(extra_misses.extra_misses, 0) as extra_misses,
        cast(coalesce(extra_misses.extra_origin_bytes, 0) as bigint) as extra_origin_bytes,
        coalesce(extra_misses.extra_ms, 0) as extra_time_to_first_byte_ms,

        ---------- timestamps
        cdn_invalidations.invalidated_at
    from cdn_invalidations
    left join copies_dropped
        on cdn_invalidations.invalidation_id = copies_dropped.invalidation_id
    left join extra_misses
        on cdn_invalidations.invalidation_id = extra_misses.invalidation_id
)

select * from final
