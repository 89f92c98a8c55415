-- The miss-ratio curve of an LRU cache: a larger cache has the hits of every smaller one.
{{ config(materialized='view') }}

with hits as (
    select * from {{ ref('int_cache_size__hits') }}
),

curves as (
    select
        *,
        sum(represented_hits) over smaller_capacities as hits_up_to_capacity,
        sum(hit_popularity) over smaller_capacities as popularity_up_to_capacity
    from hits
    window
        smaller_capacities as (
            partition by dt, cache_level, cache_name, key_pattern, capacity_unit
            order by capacity
        )
),

estimates as (
    select
        *,
        -- The lookups that the sample has too few or too many are those of hot keys: they get the
        -- hit ratio of its keys weighted by popularity (SHARDS-adj takes them all for hits).
        greatest(0, least(
            lookups,
            hits_up_to_capacity
            + popularity_up_to_capacity / lookup_popularity * (lookups - represented_lookups)
        )) as estimated_hits
    from curves
),

final as (
    select
        ---------- ids
        dt,
        cache_level,
        cache_name,
        key_pattern,
        capacity_unit,
        capacity,

        ---------- measures
        lookups,
        estimated_hits as hits,
        estimated_hits / lookups as hit_ratio,
        sampling_rate,
        followed_lookups,

        ---------- metadata
        batch_id
    from estimates
)

select * from final
