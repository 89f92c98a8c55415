{{ config(materialized='view') }}

-- The older half of the origins chooses the method, the newer half evaluates it. A method replaces
-- seasonal naive only if its gain exceeds the noise of those origins.
with errors as (
    select * from {{ ref('int_forecast_errors') }}
    where error is not null
),

intervals as (
    select * from {{ ref('int_forecast_intervals') }}
),

grains as (
    select * from {{ ref('forecast_grains') }}
),

-- Target by target, because some hours are harder for every method and gaps leave some without
-- a seasonal naive forecast.
origin_gains as (
    select
        errors.service_name,
        errors.resource,
        errors.grain,
        errors.method,
        errors.origin_ts,
        avg((abs(seasonal_naive.error) - abs(errors.error)) / nullif(errors.mean_season_change, 0))
            as gain
    from errors
    inner join errors as seasonal_naive
        on
            errors.service_name = seasonal_naive.service_name
            and errors.resource = seasonal_naive.resource
            and errors.grain = seasonal_naive.grain
            and errors.origin_ts = seasonal_naive.origin_ts
            and errors.target_ts = seasonal_naive.target_ts
            and seasonal_naive.method = 'seasonal_naive'
    where errors.origin_number <= errors.origins / 2
    group by
        errors.service_name,
        errors.resource,
        errors.grain,
        errors.method,
        errors.origin_ts
),

-- Origins whose targets overlap see the same errors: together they count as one.
gains as (
    select
        origin_gains.service_name,
        origin_gains.resource,
        origin_gains.grain,
        origin_gains.method,
        count(*) as origins,
        avg(origin_gains.gain) as gain,
        stddev_samp(origin_gains.gain)
        / sqrt(count(*) * any_value(least(1, grains.step_periods / grains.horizon_periods)))
            as standard_error
    from origin_gains
    inner join grains
        on origin_gains.grain = grains.grain
    group by
        origin_gains.service_name,
        origin_gains.resource,
        origin_gains.grain,
        origin_gains.method
),

-- A method that was tried at few origins had little chance to fail.
qualified as (
    select
        *,
        method = 'seasonal_naive'
        or (
            gain > {{ var('forecast_gain_standard_errors') }} * standard_error
            and 2 * origins >= max(origins) over (partition by service_name, resource, grain)
        ) as is_qualified
    from gains
),

scores as (
    select
        errors.service_name,
        errors.resource,
        errors.grain,
        errors.method,
        {% for nominal in [80, 95] -%}
            100 * avg(cast(
                errors.error between intervals.lower_error_{{ nominal }}
                and intervals.upper_error_{{ nominal }} as integer
            )) filter (where errors.origin_number > errors.origins / 2)
                as coverage_{{ nominal }}_percent,
        {% endfor -%}
        avg(abs(errors.error) / nullif(errors.mean_season_change, 0)) filter (
            where errors.origin_number <= errors.origins / 2
        ) as selection_mase,
        count(*) filter (where errors.origin_number > errors.origins / 2) as forecasts,
        avg(abs(errors.error) / nullif(errors.mean_season_change, 0)) filter (
            where errors.origin_number > errors.origins / 2
        ) as mase,
        avg(200 * abs(errors.error) / nullif(abs(errors.demand) + abs(errors.forecast), 0)) filter (
            where errors.origin_number > errors.origins / 2
        ) as smape_percent
    from errors
    left join intervals
        on
            errors.service_name = intervals.service_name
            and errors.resource = intervals.resource
            and errors.grain = intervals.grain
            and errors.method = intervals.method
            and errors.origin_ts = intervals.origin_ts
            and errors.horizon_bucket = intervals.horizon_bucket
    group by errors.service_name, errors.resource, errors.grain, errors.method
),

final as (
    select
        ---------- ids
        scores.service_name,

        ---------- dimensions
        scores.resource,
        scores.grain,
        scores.method,
        row_number() over (
            partition by scores.service_name, scores.resource, scores.grain
            order by
                coalesce(qualified.is_qualified, scores.method = 'seasonal_naive') desc,
                qualified.gain desc nulls last,
                scores.selection_mase asc nulls last,
                scores.method asc
        ) = 1 as is_chosen,

        ---------- measures
        scores.forecasts,
        scores.selection_mase,
        scores.mase,
        scores.smape_percent,
        scores.coverage_80_percent,
        scores.coverage_95_percent
    from scores
    left join qualified
        on
            scores.service_name = qualified.service_name
            and scores.resource = qualified.resource
            and scores.grain = qualified.grain
            and scores.method = qualified.method
)

select * from final
