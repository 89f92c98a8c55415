{{ config(materialized='view') }}

with origins as (
    select * from {{ ref('forecast_origins') }}
),

series as (
    select * from {{ ref('demand_series') }}
),

grains as (
    select * from {{ ref('forecast_grains') }}
),

fitted as (
    select * from {{ ref('demand_forecasts') }}
),

seasonal_naive as (
    select * from {{ ref('int_seasonal_naive_forecasts') }}
),

-- The mean of several methods: their errors partly cancel each other out.
combined as (
    select
        service_name,
        resource,
        grain,
        'combined' as method,
        avg(forecast) as forecast,
        origin_ts,
        target_ts
    from fitted
    group by service_name, resource, grain, origin_ts, target_ts
    having count(*) > 1
),

forecasts as (
    select
        service_name,
        resource,
        grain,
        method,
        forecast,
        origin_ts,
        target_ts
    from (
        select * from fitted
        union all by name
        select * from combined
        union all by name
        select * from seasonal_naive
    ) as every_method
),

-- The scale of MASE: the mean error of repeating the last season, before the origin.
season_changes as (
    select
        series.service_name,
        series.resource,
        series.grain,
        series.period_ts,
        avg(abs(series.demand - last_season.demand)) over (
            partition by series.service_name, series.resource, series.grain
            order by series.period_ts
        ) as mean_season_change
    from series
    inner join grains
        on series.grain = grains.grain
    inner join series as last_season
        on
            series.service_name = last_season.service_name
            and series.resource = last_season.resource
            and series.grain = last_season.grain
            and series.period_ts - to_seconds(grains.season_periods * grains.period_seconds)
            = last_season.period_ts
),

final as (
    select
        ---------- ids
        origins.service_name,

        ---------- dimensions
        origins.resource,
        origins.grain,
        forecasts.method,

        ---------- measures
        origins.origin_number,
        origins.origins,
        (date_diff('second', origins.origin_ts, forecasts.target_ts) // origins.period_seconds - 1)
        // grains.horizon_bucket_periods as horizon_bucket,
        forecasts.forecast,
        series.demand,
        series.demand - forecasts.forecast as error,
        season_changes.mean_season_change,

        ---------- timestamps
        origins.origin_ts,
        forecasts.target_ts
    from origins
    inner join grains
        on origins.grain = grains.grain
    inner join forecasts
        on
            origins.service_name = forecasts.service_name
            and origins.resource = forecasts.resource
            and origins.grain = forecasts.grain
            and origins.origin_ts = forecasts.origin_ts
    -- The period at the origin has no change if the season before it has a gap.
    asof left join season_changes
        on
            origins.service_name = season_changes.service_name
            and origins.resource = season_changes.resource
            and origins.grain = season_changes.grain
            and origins.origin_ts >= season_changes.period_ts
    left join series
        on
            forecasts.service_name = series.service_name
            and forecasts.resource = series.resource
            and forecasts.grain = series.grain
            and forecasts.target_ts = series.period_ts
)

select * from final
