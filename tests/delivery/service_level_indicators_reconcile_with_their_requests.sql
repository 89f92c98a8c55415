-- Each slot that was written last counts the requests of its objective: none missing, none twice.
with indicators as (
    select * from {{ ref('service_level_indicators') }}
    where {{ written_last(ref('service_level_indicators')) }}
),

objectives as (
    select * from {{ ref('service_level_objectives') }}
),

requests as (
    select
        *,
        time_bucket(interval 5 minute, timestamp) as slot_ts
    from {{ ref('api_request_logs') }}
    where dt in (select indicators.dt from indicators)
),

counted as (
    select
        objectives.objective,
        requests.slot_ts,
        count(*) as requests,
        count(*) filter (requests.status_code >= 500) as server_errors
    from requests
    inner join objectives
        on
            requests.service_name = objectives.service_name
            and requests.endpoint = coalesce(nullif(objectives.endpoint, '*'), requests.endpoint)
    where objectives.indicator = 'availability'
    group by objectives.objective, requests.slot_ts
)

select
    indicators.objective,
    indicators.slot_ts,
    indicators.requests,
    indicators.bad_requests,
    counted.requests as expected_requests,
    counted.server_errors as expected_bad_requests
from indicators
inner join objectives
    on indicators.objective = objectives.objective
left join counted
    on
        indicators.objective = counted.objective
        and indicators.slot_ts = counted.slot_ts
where
    objectives.indicator = 'availability'
    and (
        indicators.requests is distinct from counted.requests
        or indicators.bad_requests is distinct from counted.server_errors
    )
