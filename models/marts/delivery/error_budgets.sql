{{ config(materialized='view') }}

with indicators as (
    select * from {{ ref('int_service_level_indicators') }}
),

objectives as (
    select * from {{ ref('service_level_objectives') }}
),

counted as (
    select
        *,
        {{ as_of(ref('int_service_level_indicators'), 'slot_ts') }} as as_of_ts
    from indicators
),

spent as (
    select
        objectives.objective,
        objectives.target,
        objectives.window_days,
        sum(counted.requests) as requests,
        sum(counted.bad_requests) as bad_requests
    from objectives
    left join counted
        on
            objectives.objective = counted.objective
            and counted.slot_ts > counted.as_of_ts - to_days(objectives.window_days)
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
