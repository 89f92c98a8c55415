{{ config(materialized='view') }}

-- The older half of the origins chooses the method, the newer half evaluates it. A method replaces
-- seasonal naive only if its gain exceeds the noise of those origins.
with errors as (
    select * from {{ ref('forecast_errors') }}
    where error is not null
),

intervals as (
    select * from {{ ref('forecast_intervals') }}
),

origin_scores as (
    select
        service_name,
        resource,
        grain,
        method,
        origin_ts,
        avg(abs(error) / nullif(mean_season_change, 0)) as mase
    from errors
    where origin_number <= origins / 2
    group by service_name, resource, grain, method, origin_ts
),

-- Origin by origin, because some hours are harder for every method.
gains as (
    select
        origin_scores.service_name,
        origin_scores.resource,
        origin_scores.grain,
        origin_scores.method,
        avg(seasonal_naive.mase - origin_scores.mase) as gain,
        coalesce(stddev_samp(seasonal_naive.mase - origin_scores.mase) / sqrt(count(*)), 0)
            as standard_error
    from origin_scores
    inner join origin_scores as seasonal_naive
        on
            origin_scores.service_name = seasonal_naive.service_name
            and origin_scores.resource = seasonal_naive.resource
            and origin_scores.grain = seasonal_naive.grain
            and origin_scores.origin_ts = seasonal_naive.origin_ts
            and seasonal_naive.method = 'seasonal_naive'
    group by
        origin_scores.service_name,
        origin_scores.resource,
        origin_scores.grain,
        origin_scores.method
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
                scores.method = 'seasonal_naive'
                or coalesce(gains.gain > gains.standard_error, false) desc,
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
    left join gains
        on
            scores.service_name = gains.service_name
            and scores.resource = gains.resource
            and scores.grain = gains.grain
            and scores.method = gains.method
)

select * from final
