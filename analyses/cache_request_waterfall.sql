-- Where did one viewer's request spend its time? Level by level, from the viewer inwards. The time
-- of a level excludes the time that it waited for the levels below.
-- dbt compile --vars '{request_id: r13-0, from_date: "2025-01-14", to_date: "2025-01-14"}'
with lookups as (
    select * from {{ ref('cache_requests') }}
    where
        request_id = '{{ var("request_id", "r13-0") }}'
        and operation = 'get'
        and dt between date '{{ var("from_date", "2025-01-14") }}'
        and date '{{ var("to_date", "2025-01-14") }}'
),

cache_levels as (
    select * from {{ ref('cache_levels') }}
),

final as (
    select
        cache_levels.depth,
        lookups.cache_level,
        lookups.cache_name,
        lookups.cache_key,
        lookups.hit,
        lookups.latency_ms,
        lookups.latency_ms - coalesce(
            lead(lookups.latency_ms) over (order by cache_levels.depth), 0
        ) as own_latency_ms,
        lookups.request_ts
    from lookups
    inner join cache_levels
        on lookups.cache_level = cache_levels.cache_level
)

select * from final
order by depth asc
