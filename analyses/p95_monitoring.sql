-- Which endpoints are slow right now? The last five minutes before "now", the slowest first.
-- An error is the server's fault (5xx); client errors (4xx) have a separate column.
select
    service_name,
    endpoint,
    count(*) as request_count,
    avg(response_time_ms) as avg_response_time,
    percentile_cont(0.95) within group (order by response_time_ms) as p95_response_time,
    count(case when status_code >= 500 then 1 end) as error_count,
    count(case when status_code between 400 and 499 then 1 end) as client_error_count
from {{ ref('api_request_logs') }}
where timestamp >= {{ as_of(ref('api_request_logs'), 'timestamp') }} - interval '5 minutes'
group by service_name, endpoint
order by p95_response_time desc
