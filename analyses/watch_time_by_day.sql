-- How much was watched per day and region? The predicate is on the partition column, so only the
-- files of those days are opened.
select
    dt,
    region,
    sum(watch_seconds) as total_watch_time,
    count(distinct profile_id) as viewers
from {{ ref('fact_watch_events') }}
where
    dt between date '{{ var("from_date", "2025-01-01") }}'
    and date '{{ var("to_date", "2025-01-07") }}'
group by dt, region
order by dt, region
