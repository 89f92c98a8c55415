-- Which profiles watched most over some days? Reads the daily metrics, not the events.
select
    profile_id,
    sum(total_watch_time) as total_watch_time,
    sum(sessions) as sessions,
    count(*) as active_days
from {{ ref('daily_user_metrics') }}
where
    activity_date between date '{{ var("from_date", "2025-01-01") }}'
    and date '{{ var("to_date", "2025-01-14") }}'
group by profile_id
order by total_watch_time desc, profile_id asc
limit 20
