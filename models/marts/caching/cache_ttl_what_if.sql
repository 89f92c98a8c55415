{{ config(materialized='view') }}

with fixed as (
    select * from {{ ref('int_cache_ttl__fixed') }}
),

sliding as (
    select * from {{ ref('int_cache_ttl__sliding') }}
),

-- The fixed policy never holds an entry longer than the sliding policy.
fixed_with_peaks as (
    select
        fixed.*,
        sliding.peak_entries,
        sliding.peak_bytes
    from fixed
    inner join sliding
        on
            fixed.dt = sliding.dt
            and fixed.cache_level = sliding.cache_level
            and fixed.cache_name = sliding.cache_name
            and fixed.key_pattern = sliding.key_pattern
            and fixed.ttl_seconds = sliding.ttl_seconds
),

policies as (
    select
        'fixed' as expiry_policy,
        *
    from fixed_with_peaks
    union all by name
    select
        'sliding' as expiry_policy,
        *
    from sliding
),

final as (
    select
        ---------- ids
        dt,
        cache_level,
        cache_name,
        key_pattern,
        expiry_policy,
        ttl_seconds,

        ---------- measures
        lookups,
        hits,
        hits / lookups as hit_ratio,
        served_age_ms,
        served_age_ms / nullif(hits, 0) / 1000 as mean_served_age_seconds,
        oldest_served_ms / 1000 as oldest_served_age_seconds,
        peak_entries,
        peak_bytes,

        ---------- metadata
        batch_id
    from policies
)

select * from final
