-- How far do requests get? Per key pattern and level: the share of the pattern's requests that
-- reach the level, the share that it answers, and the time saved compared with a miss.
with cache_metrics as (
    select * from {{ ref('daily_cache_metrics') }}
    where
        dt between date '{{ var("from_date", "2025-01-12") }}'
        and date '{{ var("to_date", "2025-01-14") }}'
),

cache_levels as (
    select * from {{ ref('cache_levels') }}
),

by_level as (
    select
        cache_metrics.key_pattern,
        cache_levels.depth,
        cache_metrics.cache_level,
        sum(cache_metrics.lookups) as lookups,
        sum(cache_metrics.hits) as hits,
        sum(cache_metrics.misses) as misses,
        sum(cache_metrics.hit_bytes) as hit_bytes,
        sum(cache_metrics.miss_bytes) as miss_bytes,
        sum(cache_metrics.latency_saved_ms) as latency_saved_ms,
        sum(cache_metrics.stampede_misses) as stampede_misses
    from cache_metrics
    inner join cache_levels
        on cache_metrics.cache_level = cache_levels.cache_level
    group by all
),

final as (
    select
        key_pattern,
        depth,
        cache_level,
        lookups,
        lookups / first_value(lookups) over way_inwards as share_that_comes_here,
        hits / first_value(lookups) over way_inwards as share_that_is_answered_here,
        hits / nullif(hits + misses, 0) as hit_ratio,
        hit_bytes / nullif(hit_bytes + miss_bytes, 0) as byte_hit_ratio,
        latency_saved_ms,
        stampede_misses
    from by_level
    window
        way_inwards as (
            partition by key_pattern
            order by depth
        )
)

select * from final
order by key_pattern asc, depth asc
