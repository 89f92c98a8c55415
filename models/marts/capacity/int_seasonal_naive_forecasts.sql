{{ config(materialized='view') }}

with origins as (
    select * from {{ ref('forecast_origins') }}
),

series as (
    select * from {{ ref('demand_series') }}
),

-- Drift: the change per period from the first season to the last one before the origin.
drifts as (
    select
        origins.service_name,
        origins.resource,
        origins.grain,
        origins.origin_ts,
        (
            avg(series.demand) filter (
                where series.period_ts
                > origins.origin_ts - to_seconds(origins.season_periods * origins.period_seconds)
            )
            - avg(series.demand) filter (
                where series.period_ts
                < origins.first_ts + to_seconds(origins.season_periods * origins.period_seconds)
            )
        ) / greatest(1, count(*) - any_value(origins.season_periods)) as drift_per_period
    from origins
    inner join series
        on
            origins.service_name = series.service_name
            and origins.resource = series.resource
            and origins.grain = series.grain
            and origins.origin_ts >= series.period_ts
    group by origins.service_name, origins.resource, origins.grain, origins.origin_ts
),

targets as (
    select
        origins.*,
        origins.origin_ts + to_seconds(ahead.periods * origins.period_seconds) as target_ts,
        cast(ceil(ahead.periods / origins.season_periods) as integer) * origins.season_periods
            as periods_back
    from origins
    cross join lateral range(1, origins.horizon_periods + 1) as ahead (periods)
),

repeated as (
    select
        targets.service_name,
        targets.resource,
        targets.grain,
        targets.origin_ts,
        targets.target_ts,
        series.demand,
        drifts.drift_per_period * targets.periods_back as drift
    from targets
    inner join series
        on
            targets.service_name = series.service_name
            and targets.resource = series.resource
            and targets.grain = series.grain
            and targets.target_ts - to_seconds(targets.periods_back * targets.period_seconds)
            = series.period_ts
    inner join drifts
        on
            targets.service_name = drifts.service_name
            and targets.resource = drifts.resource
            and targets.grain = drifts.grain
            and targets.origin_ts = drifts.origin_ts
),

final as (
    select
        ---------- ids
        service_name,

        ---------- dimensions
        resource,
        grain,
        'seasonal_naive' as method,

        ---------- measures
        demand as forecast,

        ---------- timestamps
        origin_ts,
        target_ts
    from repeated
    union all
    select
        service_name,
        resource,
        grain,
        'seasonal_naive_with_drift' as method,
        demand + drift as forecast,
        origin_ts,
        target_ts
    from repeated
)

select * from final
