{{ config(materialized='view') }}

with burn_rates as (
    select * from {{ ref('int_service_level_burn_rates') }}
),

objectives as (
    select * from {{ ref('service_level_objectives') }}
),

-- Consecutive slots have the same difference between their time and their position.
islands as (
    select
        *,
        slot_ts - to_minutes(5 * row_number() over (
            partition by objective, alert
            order by slot_ts
        )) as island
    from burn_rates
    where is_alerting
),

newest as (
    select max(slot_ts) as slot_ts
    from burn_rates
),

episodes as (
    select
        objective,
        alert,
        severity,
        max_by(long_requests, long_burn_rate) as requests,
        max_by(long_bad_requests, long_burn_rate) as bad_requests,
        max(long_burn_rate) as burn_rate,
        min(slot_ts) as started_at,
        max(slot_ts) as last_slot_ts
    from islands
    group by objective, alert, severity, island
),

final as (
    select
        ---------- ids
        episodes.objective,
        episodes.alert,

        ---------- dimensions
        episodes.severity,
        objectives.service_name,
        objectives.endpoint,
        objectives.indicator,
        episodes.last_slot_ts = newest.slot_ts as is_open,

        ---------- measures
        episodes.requests,
        episodes.bad_requests,
        episodes.burn_rate,

        ---------- timestamps
        episodes.started_at,
        case
            when episodes.last_slot_ts < newest.slot_ts
                then episodes.last_slot_ts + interval 5 minute
        end as ended_at
    from episodes
    inner join objectives
        on episodes.objective = objectives.objective
    cross join newest
)

select * from final
