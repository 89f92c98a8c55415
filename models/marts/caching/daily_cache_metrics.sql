{{ config(incremental_strategy='delete+insert', unique_key=['dt']) }}

with cache_requests as (
    select * from {{ ref('int_cache_requests__sequenced') }}
    where {{ affected_keys(ref('cache_requests'), keys=['dt']) }}
),

loads as (
    select
        *,
        is_miss or (operation = 'set' and not is_fill) as is_load,
        is_stampede_miss and not lag(is_stampede_miss, 1, false) over (
            partition by dt, store_id, cache_key, is_miss
            order by request_ts, event_id
        ) as is_stampede_begin
    from cache_requests
),

keys_of_a_day as (
    select
        dt,
        cache_level,
        cache_name,
        key_pattern,
        cache_key,
        store_id,
        count(*) filter (where operation = 'get') as lookups,
        count(*) filter (where is_load) > 0 as is_loaded,
        coalesce(
            max(request_ts) filter (where operation = 'get')
            > min(request_ts) filter (where is_load),
            false
        ) as is_read_after_load
    from loads
    group by all
),

hot_keys as (
    select
        *,
        lookups >= {{ var('hot_key_share') }} * sum(lookups) over (
            partition by dt, cache_level, cache_name, key_pattern
        ) and lookups > 1 as is_hot
    from keys_of_a_day
),

key_metrics as (
    select
        dt,
        cache_level,
        cache_name,
        key_pattern,
        count(*) as stored_keys,
        count(*) filter (where lookups = 1) as keys_read_once,
        count(*) filter (where is_loaded) as keys_loaded,
        count(*) filter (where is_loaded and not is_read_after_load) as keys_never_read_again,
        count(*) filter (where is_hot) as hot_keys,
        cast(coalesce(sum(lookups) filter (where is_hot), 0) as bigint) as hot_key_lookups,
        arg_max(cache_key, (lookups, cache_key)) as hottest_key,
        max(lookups) as hottest_key_lookups
    from hot_keys
    group by all
),

request_metrics as (
    select
        dt,
        cache_level,
        cache_name,
        key_pattern,
        count(*) filter (where operation = 'get') as lookups,
        count(*) filter (where operation = 'get' and hit) as hits,
        count(*) filter (where is_miss) as misses,
        count(*) filter (where operation = 'set') as writes,
        count(*) filter (where operation = 'delete') as deletes,
        count(*) filter (where is_reload) as reloads,
        count(*) filter (where is_stampede_begin) as stampedes,
        count(*) filter (where is_stampede_miss) as stampede_misses,
        cast(coalesce(sum(size_bytes) filter (where operation = 'get' and hit), 0) as bigint)
            as hit_bytes,
        cast(coalesce(sum(size_bytes) filter (where is_miss), 0) as bigint) as miss_bytes,
        max(ttl_seconds) as longest_ttl_seconds,
        count(latency_ms) filter (where operation = 'get' and hit) as timed_hits,
        count(latency_ms) filter (where is_miss) as timed_misses,
        cast(coalesce(sum(latency_ms) filter (where operation = 'get' and hit), 0) as double)
            as hit_latency_ms,
        cast(coalesce(sum(latency_ms) filter (where is_miss), 0) as double) as miss_latency_ms,
        max(batch_id) as batch_id
    from loads
    group by all
),

final as (
    select
        ---------- ids
        request_metrics.dt,
        request_metrics.cache_level,
        request_metrics.cache_name,
        request_metrics.key_pattern,

        ---------- measures: what was asked, and what the cache had
        request_metrics.lookups,
        request_metrics.hits,
        request_metrics.misses,
        request_metrics.writes,
        request_metrics.deletes,
        request_metrics.hit_bytes,
        request_metrics.miss_bytes,
        request_metrics.longest_ttl_seconds,
        request_metrics.hits / nullif(request_metrics.hits + request_metrics.misses, 0)
            as hit_ratio,
        request_metrics.hit_bytes
        / nullif(request_metrics.hit_bytes + request_metrics.miss_bytes, 0) as byte_hit_ratio,

        ---------- measures: what it saved
        request_metrics.timed_hits,
        request_metrics.timed_misses,
        request_metrics.hit_latency_ms,
        request_metrics.miss_latency_ms,
        request_metrics.timed_hits * (
            request_metrics.miss_latency_ms / nullif(request_metrics.timed_misses, 0)
        ) - request_metrics.hit_latency_ms as latency_saved_ms,

        ---------- measures: what it loaded in vain
        request_metrics.stampedes,
        request_metrics.stampede_misses,
        request_metrics.reloads,
        request_metrics.reloads / nullif(request_metrics.misses, 0) as churn_ratio,
        key_metrics.stored_keys,
        key_metrics.keys_loaded,
        key_metrics.keys_read_once,
        key_metrics.keys_never_read_again,

        ---------- measures: hot keys
        key_metrics.hot_keys,
        key_metrics.hot_key_lookups,
        key_metrics.hottest_key,
        key_metrics.hottest_key_lookups,

        ---------- metadata
        request_metrics.batch_id
    from request_metrics
    inner join key_metrics
        on
            request_metrics.dt = key_metrics.dt
            and request_metrics.cache_level = key_metrics.cache_level
            and request_metrics.cache_name = key_metrics.cache_name
            and request_metrics.key_pattern = key_metrics.key_pattern
)

select * from final
