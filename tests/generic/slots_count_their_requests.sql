{% test slots_count_their_requests(model, requests, objectives) %}
with indicators as (
    select * from {{ model }}
),

availability as (
    select * from {{ objectives }}
    where indicator = 'availability'
),

counted as (
    select
        availability.objective,
        time_bucket(interval 5 minute, requests.timestamp) as slot_ts,
        count(*) as requests,
        count(*) filter (requests.status_code >= 500) as server_errors
    from {{ requests }} as requests
    inner join availability
        on
            requests.service_name = availability.service_name
            and requests.endpoint = coalesce(nullif(availability.endpoint, '*'), requests.endpoint)
    where requests.dt in (select indicators.dt from indicators)
    group by all
)

select
    indicators.objective,
    indicators.slot_ts,
    indicators.requests,
    indicators.bad_requests,
    counted.requests as expected_requests,
    counted.server_errors as expected_bad_requests
from indicators
inner join availability
    on indicators.objective = availability.objective
left join counted
    on
        indicators.objective = counted.objective
        and indicators.slot_ts = counted.slot_ts
where
    indicators.requests is distinct from counted.requests
    or indicators.bad_requests is distinct from counted.server_errors
{% endtest %}
