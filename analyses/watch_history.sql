-- What did one profile watch over some days? Reads the files of those days, and of these only the
-- row groups that can contain the profile: the fact is partitioned by day and sorted by ranges of
-- profiles.
-- dbt compile --vars '{profile_id: p42, from_date: "2025-01-01", to_date: "2025-01-07"}'
select
    event_ts,
    title_id,
    device_type,
    region,
    watch_seconds
from {{ ref('fact_watch_events') }}
where
    profile_id = '{{ var("profile_id", "p1") }}'
    and dt >= date '{{ var("from_date", "2025-01-01") }}'
    and dt <= date '{{ var("to_date", "2025-01-14") }}'
order by event_ts
