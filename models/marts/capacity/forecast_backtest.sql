{{ config(materialized='view') }}

-- The older half of the origins chooses the method, the newer half judges it.
with errors as (
    select * from {{ ref('forecast_errors') }}
    where error is not null
),

intervals as (
    select * from {{ ref('forecast_intervals') }}
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
        service_name,

        ---------- dimensions
        resource,
        grain,
        method,
        row_number() over (
            partition by service_name, resource, grain
            order by selection_mase nulls last, method
        ) = 1 as is_chosen,

        ---------- measures
        forecasts,
        selection_mase,
        mase,
        smape_percent,
        coverage_80_percent,
        coverage_95_percent
    from scores
)

select * from final
