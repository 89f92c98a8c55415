-- SETEX on a miss: an entry expires a TTL after the miss that loaded it, however often it is read.
-- Each miss depends on the miss before, so each key's requests are processed in order.
{{ config(incremental_strategy='delete+insert', unique_key=['dt']) }}
{%- set age_ms = 'request.request_ms - entry.loaded_ms' %}
{%- set is_hit = 'request.is_lookup and ' ~ age_ms ~ ' <= ttl_ladder.ttl_ms' %}
{%- set is_counted_hit = 'request.is_counted and ' ~ is_hit %}

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
            {
                'request_ms': request_ms,
                'is_lookup': operation = 'get',
                'is_delete': operation = 'delete',
                'is_counted': is_counted,
                'loaded_ms': cast(null as bigint),
                'hits': cast(0 as bigint),
                'age_ms': cast(0 as bigint),
                'oldest_ms': cast(null as bigint)
            }
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
        -- Redis expires a key once its clock has passed the set time: at that millisecond the
        -- entry is still served.
        list_reduce( -- noqa: PRS,RF02
            key_histories.requests,
            lambda entry, request: {
                'request_ms': request.request_ms,
                'is_lookup': request.is_lookup,
                'is_delete': request.is_delete,
                'is_counted': request.is_counted,
                'loaded_ms': case
                    when request.is_delete then null
                    when {{ is_hit }} then entry.loaded_ms
                    else request.request_ms
                end,
                'hits': entry.hits + case when {{ is_counted_hit }} then 1 else 0 end,
                'age_ms': entry.age_ms
                    + case when {{ is_counted_hit }} then {{ age_ms }} else 0 end,
                'oldest_ms': case
                    when {{ is_counted_hit }}
                        then greatest(entry.oldest_ms, {{ age_ms }})
                    else entry.oldest_ms
                end
            },
            {
                'request_ms': cast(0 as bigint),
                'is_lookup': false,
                'is_delete': false,
                'is_counted': false,
                'loaded_ms': cast(null as bigint),
                'hits': cast(0 as bigint),
                'age_ms': cast(0 as bigint),
                'oldest_ms': cast(null as bigint)
            }
        ) as outcome
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
