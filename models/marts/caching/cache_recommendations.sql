-- For each key pattern, the smallest TTL and the smallest size with a hit ratio within a set
-- distance of the best on the ladder.
{{ config(materialized='view') }}

{%- set recent = 'cast(' ~ as_of(ref('daily_cache_metrics'), 'dt') ~ ' as date) - '
    ~ var('cache_recommendation_days') %}

with daily_cache_metrics as (
    select * from {{ ref('daily_cache_metrics') }}
    where dt > {{ recent }}
),

ttl_what_if as (
    select * from {{ ref('cache_ttl_what_if') }}
    where
        expiry_policy = 'fixed'
        and dt > {{ recent }}
),

size_what_if as (
    select * from {{ ref('cache_size_what_if') }}
    where dt > {{ recent }}
),

as_it_was as (
    select
        cache_level,
        cache_name,
        key_pattern,
        sum(hits) / nullif(sum(hits) + sum(misses), 0) as hit_ratio,
        max(longest_ttl_seconds) as longest_ttl_seconds
    from daily_cache_metrics
    group by all
),

ttls as (
    select
        cache_level,
        cache_name,
        key_pattern,
        ttl_seconds,
        cast(sum(lookups) as bigint) as lookups,
        sum(hits) / sum(lookups) as hit_ratio,
        sum(served_age_ms) / nullif(sum(hits), 0) / 1000 as mean_served_age_seconds,
        max(peak_bytes) as peak_bytes
    from ttl_what_if
    group by all
),

enough_ttls as (
    select
        *,
        max(hit_ratio) over (partition by cache_level, cache_name, key_pattern) as best_hit_ratio
    from ttls
    qualify hit_ratio >= best_hit_ratio - {{ var('cache_hit_ratio_distance') }}
),

recommended_ttls as (
    select * from enough_ttls
    qualify row_number() over (
        partition by cache_level, cache_name, key_pattern
        order by ttl_seconds
    ) = 1
),

enough_sizes as (
    select
        *,
        max(hit_ratio) over (
            partition by dt, cache_level, cache_name, key_pattern, capacity_unit
        ) as best_hit_ratio
    from size_what_if
    qualify hit_ratio >= best_hit_ratio - {{ var('cache_hit_ratio_distance') }}
),

sizes_of_a_day as (
    select
        dt,
        cache_level,
        cache_name,
        key_pattern,
        capacity_unit,
        min(capacity) as capacity,
        min(hits) as hits,
        any_value(lookups) as lookups
    from enough_sizes
    group by all
),

-- Sufficient on the day with the highest need.
recommended_sizes as (
    select
        cache_level,
        cache_name,
        key_pattern,
        max(capacity) filter (where capacity_unit = 'entries') as recommended_entries,
        max(capacity) filter (where capacity_unit = 'bytes') as recommended_bytes,
        sum(hits) filter (where capacity_unit = 'entries')
        / sum(lookups) filter (where capacity_unit = 'entries') as hit_ratio
    from sizes_of_a_day
    group by all
),

final as (
    select
        ---------- ids
        recommended_sizes.cache_level,
        recommended_sizes.cache_name,
        recommended_sizes.key_pattern,

        ---------- measures: as it was
        as_it_was.hit_ratio as current_hit_ratio,
        as_it_was.longest_ttl_seconds as current_ttl_seconds,

        ---------- measures: time to live
        recommended_ttls.ttl_seconds as recommended_ttl_seconds,
        recommended_ttls.hit_ratio as ttl_hit_ratio,
        recommended_ttls.best_hit_ratio as best_ttl_hit_ratio,
        recommended_ttls.mean_served_age_seconds,
        recommended_ttls.peak_bytes as ttl_peak_bytes,

        ---------- measures: size
        recommended_sizes.recommended_entries,
        recommended_sizes.recommended_bytes,
        recommended_sizes.hit_ratio as size_hit_ratio
    from recommended_sizes
    left join recommended_ttls
        on
            recommended_sizes.cache_level = recommended_ttls.cache_level
            and recommended_sizes.cache_name = recommended_ttls.cache_name
            and recommended_sizes.key_pattern = recommended_ttls.key_pattern
    left join as_it_was
        on
            recommended_sizes.cache_level = as_it_was.cache_level
            and recommended_sizes.cache_name = as_it_was.cache_name
            and recommended_sizes.key_pattern = as_it_was.key_pattern
)

select * from final
