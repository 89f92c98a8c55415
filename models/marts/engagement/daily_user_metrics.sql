{{ config(
    incremental_strategy='delete+insert',
    unique_key=['profile_id', 'activity_date'],
) }}

with watch_events as (
    select * from {{ ref('fact_watch_events') }}
    where {{ affected_keys(ref('fact_watch_events'), keys=['profile_id', 'dt']) }}
),

final as (
    select
        ---------- ids
        profile_id,
        dt as activity_date,

        ---------- measures
        count(distinct session_id) as sessions,
        cast(sum(watch_seconds) as bigint) as total_watch_time,
        count(distinct title_id) as unique_titles,

        ---------- metadata
        max(batch_id) as batch_id
    from watch_events
    group by profile_id, dt
)

select * from final
