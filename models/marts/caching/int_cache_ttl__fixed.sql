-- SETEX on a miss: an entry expires a TTL after the miss that loaded it, however often it is read.
-- Each miss depends on the miss before, so each key's requests are processed in order.
{{ config(
    incremental_strategy='delete+insert',
    unique_key=['dt'],
    partitioned_by=['dt'],
) }}

with replayed_requests as (
    select * from {{ ref('int_cache_requests__replayed') }}
    where {{ is_replayed(ref('cache_requests')) }}
    -- A day without requests has no replay.
    qualify bool_or(is_counted) over (partition by replayed_on)
),

ttl_ladder as (
    select
        ttl_seconds,
        ttl_seconds * 1000 as ttl_ms
    from {{ ref('cache_ttl_ladder') }}
),

key_histories as (
    select
        replayed_on,
        cache_level,
        cache_name,
        key_pattern,
        store_id,
        cache_key,
        count(*) filter (where operation = 'get' and is_counted) as lookups,
        list(
            {{ cache_request_step(
                'request_ms', "operation = 'get'", "operation = 'delete'", 'is_counted'
            ) }}
            order by request_ts, event_id
        ) as requests,
        max(batch_id) as batch_id
    from replayed_requests
    group by all
    having count(*) filter (where operation = 'get' and is_counted) > 0
),

outcomes as (
    select
        key_histories.*,
        ttl_ladder.ttl_seconds,
        -- sqlfluff cannot parse a lambda with two parameters.
        {{ fixed_ttl_replay('key_histories.requests', 'ttl_ladder.ttl_ms') }} -- noqa: PRS
            as outcome
    from key_histories
    cross join ttl_ladder
),

final as (
    select
        ---------- ids
        replayed_on as dt,
        cache_level,
        cache_name,
        key_pattern,
        ttl_seconds,

        ---------- measures
        cast(sum(lookups) as bigint) as lookups,
        cast(sum(outcome['hits']) as bigint) as hits,
        cast(sum(outcome['age_ms']) as bigint) as served_age_ms,
        max(outcome['oldest_ms']) as oldest_served_ms,

        ---------- metadata
        max(batch_id) as batch_id
    from outcomes
    group by replayed_on, cache_level, cache_name, key_pattern, ttl_seconds
)

select * from final
