-- Sliding expiry (GETEX): an entry expires a TTL after its last request. So a request is a hit if
-- the gap to the one before is at most the TTL, and the entries held at one time are those
-- requested within a TTL: the working set (Denning 1968).
{{ config(incremental_strategy='delete+insert', unique_key=['dt']) }}

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

gaps as (
    select
        *,
        case
            when lag(operation) over key_history <> 'delete'
                then request_ms - lag(request_ms) over key_history
        end as gap_ms,
        lead(operation) over key_history as next_operation,
        lead(request_ms) over key_history as next_request_ms,
        max(entry_bytes) over (partition by replayed_on, store_id, cache_key) as largest_bytes
    from replayed_requests
    window
        key_history as (
            partition by replayed_on, store_id, cache_key
            order by request_ts, event_id
        )
),

at_each_ttl as (
    select
        gaps.*,
        ttl_ladder.ttl_seconds,
        ttl_ladder.ttl_ms,
        gaps.operation = 'get' and gaps.is_counted as is_lookup,
        coalesce(gaps.gap_ms <= ttl_ladder.ttl_ms, false) as is_held
    from gaps
    cross join ttl_ladder
),

served as (
    select
        *,
        request_ms - max(case when operation = 'set' or not is_held then request_ms end) over (
            partition by replayed_on, ttl_seconds, store_id, cache_key
            order by request_ts, event_id
            rows between unbounded preceding and current row
        ) as age_ms
    from at_each_ttl
),

outcomes as (
    select
        replayed_on,
        cache_level,
        cache_name,
        key_pattern,
        ttl_seconds,
        count(*) filter (where is_lookup) as lookups,
        count(*) filter (where is_lookup and is_held) as hits,
        coalesce(sum(age_ms) filter (where is_lookup and is_held), 0) as served_age_ms,
        max(age_ms) filter (where is_lookup and is_held) as oldest_served_ms,
        max(batch_id) as batch_id
    from served
    group by all
),

entry_changes as (
    select
        replayed_on,
        cache_level,
        cache_name,
        key_pattern,
        ttl_seconds,
        request_ms as changed_ms,
        1 as entries,
        largest_bytes as bytes
    from at_each_ttl
    where operation <> 'delete' and not is_held
    union all
    select
        replayed_on,
        cache_level,
        cache_name,
        key_pattern,
        ttl_seconds,
        least(request_ms + ttl_ms + 1, coalesce(next_request_ms, request_ms + ttl_ms + 1))
            as changed_ms,
        -1 as entries,
        -largest_bytes as bytes
    from at_each_ttl
    where
        operation <> 'delete'
        and coalesce(next_operation = 'delete' or next_request_ms - request_ms > ttl_ms, true)
),

changes_by_millisecond as (
    select
        replayed_on,
        cache_level,
        cache_name,
        key_pattern,
        ttl_seconds,
        changed_ms,
        sum(entries) as entries,
        sum(bytes) as bytes
    from entry_changes
    group by all
),

held_entries as (
    select
        *,
        sum(entries) over changes as held_entries,
        sum(bytes) over changes as held_bytes
    from changes_by_millisecond
    window
        changes as (
            partition by replayed_on, cache_level, cache_name, key_pattern, ttl_seconds
            order by changed_ms
            rows between unbounded preceding and current row
        )
),

peaks as (
    select
        replayed_on,
        cache_level,
        cache_name,
        key_pattern,
        ttl_seconds,
        cast(max(held_entries) as bigint) as peak_entries,
        cast(max(held_bytes) as bigint) as peak_bytes
    from held_entries
    where changed_ms between epoch_ms(replayed_on) and epoch_ms(replayed_on + 1) - 1
    group by all
),

final as (
    select
        ---------- ids
        outcomes.replayed_on as dt,
        outcomes.cache_level,
        outcomes.cache_name,
        outcomes.key_pattern,
        outcomes.ttl_seconds,

        ---------- measures
        outcomes.lookups,
        outcomes.hits,
        cast(outcomes.served_age_ms as bigint) as served_age_ms,
        outcomes.oldest_served_ms,
        peaks.peak_entries,
        peaks.peak_bytes,

        ---------- metadata
        outcomes.batch_id
    from outcomes
    inner join peaks
        on
            outcomes.replayed_on = peaks.replayed_on
            and outcomes.cache_level = peaks.cache_level
            and outcomes.cache_name = peaks.cache_name
            and outcomes.key_pattern = peaks.key_pattern
            and outcomes.ttl_seconds = peaks.ttl_seconds
    where outcomes.lookups > 0
)

select * from final
