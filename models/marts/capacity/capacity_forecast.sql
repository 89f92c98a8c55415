{{ config(materialized='view') }}

with errors as (
    select * from {{ ref('int_forecast_errors') }}
    where origin_number = origins
),

intervals as (
    select * from {{ ref('int_forecast_intervals') }}
),

backtest as (
    select * from {{ ref('forecast_backtest') }}
),

policies as (
    select * from {{ ref('autoscaling_policies') }}
),

-- Without a backtest (history too short) the baseline with drift is used. Without a forecast of the
-- chosen method from the newest origin, seasonal naive is used.
chosen as (
    select errors.*
    from errors
    left join backtest
        on
            errors.service_name = backtest.service_name
            and errors.resource = backtest.resource
            and errors.grain = backtest.grain
            and backtest.is_chosen
    where
        errors.method in (
            coalesce(backtest.method, 'seasonal_naive_with_drift'), 'seasonal_naive'
        )
    qualify row_number() over (
        partition by errors.service_name, errors.resource, errors.grain, errors.target_ts
        order by errors.method = 'seasonal_naive'
    ) = 1
),

capacities as (
    select
        chosen.*,
        case chosen.resource
            when 'cpu_pods' then policies.max_replicas * policies.cpu_target_percent / 100
            when 'memory_pods' then policies.max_replicas * policies.memory_target_percent / 100
            when 'disk_percent' then {{ var('disk_full_percent') }}
        end as capacity
    from chosen
    inner join policies
        on
            policies.service_name
            = {{ policy_of('chosen.service_name', ref('autoscaling_policies')) }}
),

final as (
    select
        ---------- ids
        capacities.service_name,

        ---------- dimensions
        capacities.resource,
        capacities.grain,
        capacities.method,
        capacities.forecast > capacities.capacity as is_beyond_capacity,
        capacities.forecast + intervals.upper_error_80
        > capacities.capacity as may_be_beyond_capacity,

        ---------- measures
        capacities.forecast,
        {% for nominal in [80, 95] -%}
            capacities.forecast + intervals.lower_error_{{ nominal }} as lower_{{ nominal }},
            capacities.forecast + intervals.upper_error_{{ nominal }} as upper_{{ nominal }},
        {% endfor -%}
        capacities.capacity,

        ---------- timestamps
        capacities.origin_ts,
        capacities.target_ts
    from capacities
    left join intervals
        on
            capacities.service_name = intervals.service_name
            and capacities.resource = intervals.resource
            and capacities.grain = intervals.grain
            and capacities.method = intervals.method
            and capacities.origin_ts = intervals.origin_ts
            and capacities.horizon_bucket = intervals.horizon_bucket
)

select * from final
