-- The hits of an LRU cache, all sizes in one pass (Mattson 1970): a lookup is a hit in every cache
-- that holds more entries than the distinct keys asked for since the key was last.
{{ config(incremental_strategy='delete+insert', unique_key=['dt']) }}

with replayed_requests as (
    select * from {{ ref('int_cache_requests__replayed') }}
    where {{ is_replayed(ref('cache_requests')) }}
    -- A day on which nothing was asked has no replay.
    qualify bool_or(is_counted) over (partition by replayed_on)
),

-- A small replay is exact; of a large one only some of the keys are followed: SHARDS
-- (Waldspurger et al., FAST 2015).
replays as (
    select
        *,
        case
            when
                count(*) over (partition by replayed_on, store_id)
                > {{ var('cache_exact_requests') }}
                then cast({{ var('cache_sampling_rate') }} as double)
            else 1
        end as sampling_rate
    from replayed_requests
),

-- Each pattern in a cache of its own, and all of them sharing one.
sharing as (
    select
        *,
        operation = 'get' and is_counted as is_lookup,
        {{ is_sampled_key('cache_key', 'sampling_rate') }} as is_followed,
        unnest([key_pattern, '(all)']) as shared_by
    from replays
),

lookups as (
    select
        replayed_on,
        cache_level,
        cache_name,
        shared_by,
        count(*) filter (where is_lookup) as lookups,
        min(sampling_rate) as sampling_rate,
        max(batch_id) as batch_id
    from sharing
    group by all
),

accesses as (
    select
        *,
        row_number() over (
            partition by replayed_on, store_id, shared_by
            order by request_ts, event_id
        ) as access_number,
        max(entry_bytes) over (partition by replayed_on, store_id, cache_key) as largest_bytes,
        count(*) filter (where is_lookup) over (
            partition by replayed_on, store_id, shared_by, cache_key
        ) as key_lookups
    from sharing
    where is_followed
),

followed as (
    select
        replayed_on,
        cache_level,
        cache_name,
        shared_by,
        count(*) as followed_lookups,
        sum(1 / sampling_rate) as represented_lookups,
        sum(key_lookups) as popularity
    from accesses
    where is_lookup
    group by all
),

reuses as (
    select
        *,
        coalesce(lag(operation) over key_history <> 'delete', false) as is_reuse,
        coalesce(access_number - lag(access_number) over key_history - 1, 0)
            as accesses_between,
        min(access_number) over (partition by replayed_on, store_id, shared_by, cache_key)
            as key_number
    from accesses
    window
        key_history as (
            partition by replayed_on, store_id, shared_by, cache_key
            order by access_number
        )
),

distances as (
    select
        *,
        count(distinct key_number) over since_last_access as keys_between,
        -- One entry a key: the key's number makes its bytes distinct, and is cut off again.
        sum(distinct cast(largest_bytes as hugeint) * {{ 2 ** 60 }} + key_number)
            over since_last_access
        // {{ 2 ** 60 }} as bytes_between
    from reuses
    window
        since_last_access as (
            partition by replayed_on, store_id, shared_by
            order by access_number
            rows between accesses_between preceding and 1 preceding
        )
),

needed as (
    select
        replayed_on,
        cache_level,
        cache_name,
        shared_by,
        sampling_rate,
        key_lookups,
        unnest(['entries', 'bytes']) as capacity_unit,
        unnest([
            keys_between / sampling_rate + 1,
            coalesce(bytes_between, 0) / sampling_rate + largest_bytes
        ]) as capacity
    from distances
    where is_lookup and is_reuse
),

-- Sizes a quarter of a doubling apart.
capacities as (
    select distinct cast(ceil(pow(2, steps.step / 4)) as bigint) as capacity
    from range(200) as steps (step)
),

hits_by_capacity as (
    select
        needed.replayed_on,
        needed.cache_level,
        needed.cache_name,
        needed.shared_by,
        needed.capacity_unit,
        capacities.capacity,
        sum(1 / needed.sampling_rate) as hits,
        sum(needed.key_lookups) as popularity
    from needed
    asof inner join capacities
        on needed.capacity <= capacities.capacity
    group by all
),

final as (
    select
        ---------- ids
        hits_by_capacity.replayed_on as dt,
        hits_by_capacity.cache_level,
        hits_by_capacity.cache_name,
        hits_by_capacity.shared_by as key_pattern,
        hits_by_capacity.capacity_unit,
        hits_by_capacity.capacity,

        ---------- measures
        hits_by_capacity.hits as represented_hits,
        cast(hits_by_capacity.popularity as bigint) as hit_popularity,
        lookups.lookups,
        lookups.sampling_rate,
        followed.followed_lookups,
        followed.represented_lookups,
        cast(followed.popularity as bigint) as lookup_popularity,

        ---------- metadata
        lookups.batch_id
    from hits_by_capacity
    inner join lookups
        on
            hits_by_capacity.replayed_on = lookups.replayed_on
            and hits_by_capacity.cache_level = lookups.cache_level
            and hits_by_capacity.cache_name = lookups.cache_name
            and hits_by_capacity.shared_by = lookups.shared_by
    inner join followed
        on
            hits_by_capacity.replayed_on = followed.replayed_on
            and hits_by_capacity.cache_level = followed.cache_level
            and hits_by_capacity.cache_name = followed.cache_name
            and hits_by_capacity.shared_by = followed.shared_by
)

select * from final
