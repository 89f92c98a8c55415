{{ config(incremental_strategy='delete+insert', unique_key=['objective', 'slot_ts', 'dt']) }}

with requests as (
    select
        *,
        time_bucket(interval 5 minute, timestamp) as slot_ts
    from {{ ref('api_request_logs') }}
    where
        {{ affected_keys(
            ref('api_request_logs'),
            keys=['service_name', 'time_bucket(interval 5 minute, timestamp)', 'dt'],
        ) }}
),

objectives as (
    select * from {{ ref('service_level_objectives') }}
),

final as (
    select
        ---------- ids
        objectives.objective,
        requests.service_name,

        ---------- measures
        count(*) as requests,
        count(*) filter (
            case objectives.indicator
                when 'availability' then requests.status_code >= 500
                when 'latency' then requests.response_time_ms > objectives.threshold_ms
            end
        ) as bad_requests,

        ---------- timestamps
        requests.slot_ts,
        requests.dt,

        ---------- metadata
        max(requests.batch_id) as batch_id
    from requests
    inner join objectives
        on
            requests.service_name = objectives.service_name
            and (objectives.endpoint = '*' or requests.endpoint = objectives.endpoint)
            and (objectives.indicator = 'availability' or requests.response_time_ms is not null)
    group by objectives.objective, requests.service_name, requests.slot_ts, requests.dt
)

select * from final
