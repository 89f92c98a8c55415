-- The miss-ratio curve as a chart: the share of lookups that an LRU cache of each size would miss.
with size_what_if as (
    select * from {{ ref('cache_size_what_if') }}
    where
        dt between date '{{ var("from_date", "2025-01-14") }}'
        and date '{{ var("to_date", "2025-01-14") }}'
        and cache_name = '{{ var("cache_name", "recommendations") }}'
        and key_pattern = '{{ var("key_pattern", "(all)") }}'
        and capacity_unit = '{{ var("capacity_unit", "entries") }}'
),

final as (
    select
        dt,
        cache_level,
        capacity,
        round(1 - hit_ratio, 4) as miss_ratio,
        bar(1 - hit_ratio, 0, 1, 50) as drawn
    from size_what_if
)

select * from final
order by dt asc, cache_level asc, capacity asc
