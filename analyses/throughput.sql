-- How many requests and bytes, by service and hour?
select
    service_name,
    hour_ts,
    sum(requests) as requests,
    sum(requests) / 3600.0 as requests_per_second,
    sum(response_bytes) * 8 / 3600 / 1e6 as sent_mbps
from {{ ref('hourly_latency') }}
where
    dt between date '{{ var("from_date", "2025-01-12") }}'
    and date '{{ var("to_date", "2025-01-14") }}'
group by service_name, hour_ts
order by service_name, hour_ts
