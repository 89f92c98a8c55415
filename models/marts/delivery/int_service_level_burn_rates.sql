{{ config(materialized='view') }}

with indicators as (
    select * from {{ ref('int_service_level_indicators') }}
    where
        dt >= cast({{ as_of(ref('int_service_level_indicators'), 'slot_ts') }} as date)
        - {{ var('alert_horizon_days') }}
),

objectives as (
    select * from {{ ref('service_level_objectives') }}
),

alerts as (
    select * from {{ ref('burn_rate_alerts') }}
),

-- Includes slots without a request; otherwise an alert would not end when the requests do.
slots as (
    select
        objective,
        unnest(generate_series(
            min(slot_ts),
            {{ as_of(ref('int_service_level_indicators'), 'slot_ts') }},
            interval 5 minute
        )) as slot_ts
    from indicators
    group by objective
),

filled as (
    select
        slots.objective,
        slots.slot_ts,
        coalesce(indicators.requests, 0) as requests,
        coalesce(indicators.bad_requests, 0) as bad_requests
    from slots
    left join indicators
        on
            slots.objective = indicators.objective
            and slots.slot_ts = indicators.slot_ts
),

-- No slot is missing, so the totals of a window ago are that many slots before.
totals as (
    select
        objective,
        slot_ts,
        sum(requests) over so_far as requests,
        sum(bad_requests) over so_far as bad_requests
    from filled
    window so_far as (
        partition by objective
        order by slot_ts
        rows unbounded preceding
    )
),

windows as (
    select
        totals.objective,
        alerts.alert,
        alerts.severity,
        alerts.burn_rate as alerting_burn_rate,
        alerts.minimum_bad_requests,
        1 - objectives.target as error_budget,
        totals.requests
        - lag(totals.requests, alerts.long_window_minutes // 5, 0) over slots_in_order
            as long_requests,
        totals.bad_requests
        - lag(totals.bad_requests, alerts.long_window_minutes // 5, 0) over slots_in_order
            as long_bad_requests,
        totals.requests
        - lag(totals.requests, alerts.short_window_minutes // 5, 0) over slots_in_order
            as short_requests,
        totals.bad_requests
        - lag(totals.bad_requests, alerts.short_window_minutes // 5, 0) over slots_in_order
            as short_bad_requests,
        totals.slot_ts
    from totals
    inner join objectives
        on totals.objective = objectives.objective
    cross join alerts
    window slots_in_order as (
        partition by totals.objective, alerts.alert
        order by totals.slot_ts
    )
),

rates as (
    select
        *,
        long_bad_requests / nullif(long_requests, 0) / error_budget as long_burn_rate,
        short_bad_requests / nullif(short_requests, 0) / error_budget as short_burn_rate
    from windows
),

final as (
    select
        ---------- ids
        objective,
        alert,

        ---------- dimensions
        severity,
        coalesce(
            long_burn_rate >= alerting_burn_rate
            and short_burn_rate >= alerting_burn_rate
            and long_bad_requests >= minimum_bad_requests,
            false
        ) as is_alerting,

        ---------- measures
        cast(long_requests as bigint) as long_requests,
        cast(long_bad_requests as bigint) as long_bad_requests,
        cast(short_requests as bigint) as short_requests,
        cast(short_bad_requests as bigint) as short_bad_requests,
        long_burn_rate,
        short_burn_rate,

        ---------- timestamps
        slot_ts
    from rates
)

select * from final
