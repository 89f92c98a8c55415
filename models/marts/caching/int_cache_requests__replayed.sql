-- The requests that a cache of another TTL or size would have received: each day, after the days
-- that warm its cache. The set that fills a miss is left out: another cache would have had other
-- misses.
{{ config(materialized='view') }}

with cache_requests as (
    select * from {{ ref('int_cache_requests__sequenced') }}
    where not is_fill
),

final as (
    select
        ---------- ids
        cache_requests.dt + cast(warm_up.days as integer) as replayed_on,
        cache_requests.dt,
        cache_requests.store_id,
        cache_requests.cache_key,
        cache_requests.event_id,

        ---------- dimensions
        cache_requests.cache_level,
        cache_requests.cache_name,
        cache_requests.key_pattern,
        cache_requests.operation,
        warm_up.days = 0 as is_counted,

        ---------- measures
        coalesce(cache_requests.size_bytes, 0)
        + strlen(cache_requests.cache_key)
        + {{ var('cache_entry_overhead_bytes') }} as entry_bytes,

        ---------- timestamps
        cache_requests.request_ts,
        cache_requests.request_ms,

        ---------- metadata
        cache_requests.batch_id
    from cache_requests
    cross join range({{ var('cache_warm_up_days') }} + 1) as warm_up (days)
)

select * from final
