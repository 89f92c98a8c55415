-- The requests before each request on the same key. Every window is within a day, so that a filter
-- on `dt` reaches the files.
{{ config(materialized='view') }}

with cache_requests as (
    select
        *,
        concat_ws('/', cache_level, cache_name, region, instance_id) as store_id,
        epoch_ms(request_ts) as request_ms,
        coalesce(operation = 'get' and not hit, false) as is_miss
    from {{ ref('cache_requests') }}
),

with_earlier_requests as (
    select
        *,
        -- Until then an earlier miss was loading the key.
        cast(
            max(case when is_miss then request_ms + coalesce(latency_ms, 0) end)
                over earlier_on_the_key
            as double
        ) as loading_until_ms,
        coalesce(bool_or(operation <> 'delete') over earlier_on_the_key, false) as was_held
    from cache_requests
    window
        earlier_on_the_key as (
            partition by dt, store_id, cache_key
            order by request_ts, event_id
            rows between unbounded preceding and 1 preceding
        )
),

final as (
    select
        ---------- ids
        event_id,
        request_id,
        instance_id,
        store_id,
        cache_key,

        ---------- dimensions
        cache_level,
        cache_name,
        region,
        operation,
        key_pattern,
        key_parameters,

        ---------- measures
        hit,
        ttl_seconds,
        size_bytes,
        latency_ms,

        ---------- what came before
        loading_until_ms,
        was_held,
        is_miss,
        operation = 'set'
        and coalesce(request_ms <= loading_until_ms + {{ var('cache_fill_grace_ms') }}, false)
            as is_fill,
        is_miss and coalesce(request_ms < loading_until_ms, false) as is_stampede_miss,
        is_miss and was_held and not coalesce(request_ms < loading_until_ms, false) as is_reload,

        ---------- timestamps
        request_ts,
        request_ms,
        dt,

        ---------- metadata
        batch_id
    from with_earlier_requests
)

select * from final
