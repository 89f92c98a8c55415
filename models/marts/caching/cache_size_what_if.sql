-- The miss-ratio curve of an LRU cache, all sizes in one pass (Mattson 1970): a lookup is a hit in
-- every cache that holds more entries than the distinct keys asked for since the key was last.
{{ config(
    incremental_strategy='delete+insert',
    unique_key=['dt'],
    partitioned_by=['dt'],
    sorted_by=['cache_level', 'cache_name', 'key_pattern', 'capacity_unit', 'capacity'],
) }}

with replayed_requests as (
    select * from {{ ref('int_cache_requests__replayed') }}
    where {{ is_replayed(ref('fact_cache_requests')) }}
    -- A day on which nothing was asked has no replay.
    qualify bool_or(is_counted) over (partition by replayed_on)
),

-- A small replay is exact; of a large one only some of the keys are followed (SHARDS, Waldspurger 2015).
replays as (
    select
        *,
        case
            when count(*) over (partition by replayed_on, store_id) > {{ var('cache_exact_requests') }}
                then cast({{ var('cache_sampling_rate') }} as double)
            else 1
        end as sampling_rate
    from replayed_requests
),

-- Each pattern in a cache of its own, and all of them sharing one.
sharing as (
    select
        *,
        unnest([key_pattern, '(all)']) as shared_by
    from replays
),

lookups as (
    select
        replayed_on,
        cache_level,
        cache_name,
        shared_by,
        count(*) filter (where operation = 'get' and is_counted) as lookups,
        count(*) filter (
            where operation = 'get' and is_counted and {{ is_sampled_key('cache_key', 'sampling_rate') }}
        ) as followed_lookups,
        sum(1 / sampling_rate) filter (
            where operation = 'get' and is_counted and {{ is_sampled_key('cache_key', 'sampling_rate') }}
        ) as represented_lookups,
        min(sampling_rate) as sampling_rate,
        max(batch) as batch
    from sharing
    group by all
),

accesses as (
    select
        *,
        row_number() over (
            partition by replayed_on, store_id, shared_by
            order by request_ts, event_id
        ) as position,
        max(entry_bytes) over (partition by replayed_on, store_id, cache_key) as largest_bytes
    from sharing
    where {{ is_sampled_key('cache_key', 'sampling_rate') }}
),

reuses as (
    select
        *,
        case
            when lag(operation) over key_history <> 'delete'
                then position - lag(position) over key_history - 1
        end as accesses_between,
        min(position) over (partition by replayed_on, store_id, shared_by, cache_key) as key_number
    from accesses
    window
        key_history as (
            partition by replayed_on, store_id, shared_by, cache_key
            order by position
        )
),

distances as (
    select
        *,
        count(distinct key_number) over since_last_access as keys_between,
        -- One entry a key: the key's number makes its bytes distinct, and is cut off again.
        sum(distinct cast(largest_bytes as hugeint) * {{ 2 ** 60 }} + key_number) over since_last_access
        // {{ 2 ** 60 }} as bytes_between
    from reuses
    window
        since_last_access as (
            partition by replayed_on, store_id, shared_by
            order by position
            rows between coalesce(accesses_between, 0) preceding and 1 preceding
        )
),

needed as (
    select
        replayed_on,
        cache_level,
        cache_name,
        shared_by,
        sampling_rate,
        unnest([
            {'unit': 'entries', 'capacity': keys_between / sampling_rate + 1},
            {
                'unit': 'bytes',
                'capacity': coalesce(bytes_between, 0) / sampling_rate + largest_bytes
            }
        ], recursive := true)
    from distances
    where operation = 'get' and is_counted and accesses_between is not null
),

-- Sizes a quarter of a doubling apart.
capacities as (
    select distinct cast(ceil(pow(2, step / 4)) as bigint) as capacity
    from range(0, 200) as steps (step)
),

hits_by_capacity as (
    select
        needed.replayed_on,
        needed.cache_level,
        needed.cache_name,
        needed.shared_by,
        needed.unit,
        capacities.capacity,
        sum(1 / needed.sampling_rate) as hits
    from needed
    asof inner join capacities
        on needed.capacity <= capacities.capacity
    group by all
),

curves as (
    select
        *,
        sum(hits) over (
            partition by replayed_on, cache_level, cache_name, shared_by, unit
            order by capacity
        ) as represented_hits
    from hits_by_capacity
),

final as (
    select
        ---------- ids
        curves.replayed_on as dt,
        curves.cache_level,
        curves.cache_name,
        curves.shared_by as key_pattern,
        curves.unit as capacity_unit,
        curves.capacity,

        ---------- measures
        lookups.lookups,
        -- SHARDS-adj: lookups that the sample has too few or too many are those of hot keys: hits.
        greatest(0, least(
            lookups.lookups,
            curves.represented_hits + lookups.lookups - coalesce(lookups.represented_lookups, 0)
        )) as hits,
        greatest(0, least(
            lookups.lookups,
            curves.represented_hits + lookups.lookups - coalesce(lookups.represented_lookups, 0)
        )) / lookups.lookups as hit_ratio,
        lookups.sampling_rate,
        lookups.followed_lookups,

        ---------- metadata
        lookups.batch
    from curves
    inner join lookups
        on
            curves.replayed_on = lookups.replayed_on
            and curves.cache_level = lookups.cache_level
            and curves.cache_name = lookups.cache_name
            and curves.shared_by = lookups.shared_by
)

select * from final
