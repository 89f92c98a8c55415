{{ config(materialized='view') }}

with indicators as (
    select * from {{ ref('service_level_indicators') }}
),

objectives as (
    select * from {{ ref('service_level_objectives') }}
),

spent as (
    select
        objectives.objective,
        objectives.target,
        objectives.window_days,
        sum(indicators.requests) as requests,
        sum(indicators.bad_requests) as bad_requests
    from objectives
    left join indicators
        on
            objectives.objective = indicators.objective
            and indicators.slot_ts
            > {{ as_of(ref('service_level_indicators'), 'slot_ts') }} - to_days(objectives.window_days)
    group by objectives.objective, objectives.target, objectives.window_days
),

final as (
    select
        ---------- ids
        objective,

        ---------- measures
        window_days,
        target,
        cast(coalesce(requests, 0) as bigint) as requests,
        cast(coalesce(bad_requests, 0) as bigint) as bad_requests,
        requests * (1 - target) as allowed_bad_requests,
        1 - bad_requests / nullif(requests * (1 - target), 0) as budget_left
    from spent
)

select * from final
