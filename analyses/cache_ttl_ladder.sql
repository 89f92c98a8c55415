-- What would another TTL do? Hit ratio, age of served values and memory, for each TTL of the ladder
-- and both kinds of expiry, over some days. Counts are summed before the division.
with ttl_what_if as (
    select * from {{ ref('cache_ttl_what_if') }}
    where
        dt between date '{{ var("from_date", "2025-01-12") }}'
        and date '{{ var("to_date", "2025-01-14") }}'
        and cache_level = '{{ var("cache_level", "application") }}'
),

final as (
    select
        cache_name,
        key_pattern,
        expiry_policy,
        ttl_seconds,
        sum(lookups) as lookups,
        sum(hits) / sum(lookups) as hit_ratio,
        sum(served_age_ms) / nullif(sum(hits), 0) / 1000 as mean_served_age_seconds,
        max(oldest_served_age_seconds) as oldest_served_age_seconds,
        max(peak_entries) as peak_entries,
        max(peak_bytes) as peak_bytes
    from ttl_what_if
    group by all
)

select * from final
order by cache_name asc, key_pattern asc, expiry_policy asc, ttl_seconds asc
