{{ config(
    incremental_strategy='delete+insert',
    unique_key=['title_id', 'region', 'activity_date'],
) }}

with watch_events as (
    select * from {{ ref('fact_watch_events') }}
    where {{ affected_keys(ref('fact_watch_events'), keys=['title_id', 'region', 'dt']) }}
),

final as (
    select
        ---------- ids
        title_id,
        region,
        dt as activity_date,

        ---------- measures
        count(*) as watch_events,
        count(distinct profile_id) as viewers,
        count(distinct session_id) as sessions,
        cast(sum(watch_seconds) as bigint) as total_watch_time,

        ---------- metadata
        max(batch_id) as batch_id
    from watch_events
    group by title_id, region, dt
)

select * from final
