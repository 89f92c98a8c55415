-- Which endpoints fail, because of the client or the server? Shares of all requests over some days.
select
    service_name,
    endpoint,
    sum(requests) as requests,
    sum(client_errors) / sum(requests) as client_error_rate,
    sum(server_errors) / sum(requests) as server_error_rate
from {{ ref('daily_latency') }}
where
    dt between date '{{ var("from_date", "2025-01-12") }}'
    and date '{{ var("to_date", "2025-01-14") }}'
group by service_name, endpoint
order by server_error_rate desc, requests desc
