-- Which endpoints are slow right now? The last five minutes before "now", the slowest first.
select
    service_name,
    endpoint,
    count(*) as request_count,
    avg(response_time_ms) as avg_response_time,
    percentile_cont(0.95) within group (order by response_time_ms) as p95_response_time,
    sum(case when status_code >= 400 then 1 else 0 end) as error_count
from {{ ref('api_request_logs') }}
where request_ts >= {{ as_of(ref('api_request_logs'), 'request_ts') }} - interval '5 minutes'
group by service_name, endpoint
order by p95_response_time desc
