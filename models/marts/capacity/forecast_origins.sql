{{ config(materialized='view') }}

with demand as (
    select * from {{ ref('demand_series') }}
),

grains as (
    select * from {{ ref('forecast_grains') }}
),

series as (
    select
        service_name,
        resource,
        grain,
        min(period_ts) as first_ts,
        max(period_ts) as last_ts
    from demand
    group by service_name, resource, grain
),

-- The newest period, and before it multiples of the step: the next period moves the first alone, so
-- what was forecast from the others is still of use.
origins as (
    select
        series.*,
        grains.period_seconds,
        grains.season_periods,
        grains.horizon_periods,
        series.first_ts + to_seconds(grains.shortest_history_periods * grains.period_seconds)
            as earliest_origin_ts,
        case
            when origins.number = 0 then series.last_ts
            else
                time_bucket(
                    to_seconds(grains.step_periods * grains.period_seconds),
                    series.last_ts - interval 1 second
                )
                - to_seconds((origins.number - 1) * grains.step_periods * grains.period_seconds)
        end as origin_ts
    from series
    inner join grains
        on series.grain = grains.grain
    cross join range({{ var('forecast_origins') }}) as origins (number)
),

final as (
    select
        ---------- ids
        service_name,

        ---------- dimensions
        resource,
        grain,

        ---------- measures
        row_number() over series_origins as origin_number,
        count(*) over (partition by service_name, resource, grain) as origins,
        period_seconds,
        season_periods,
        horizon_periods,

        ---------- timestamps
        first_ts,
        origin_ts
    from origins
    where origin_ts >= earliest_origin_ts
    window series_origins as (
        partition by service_name, resource, grain
        order by origin_ts
    )
)

select * from final
