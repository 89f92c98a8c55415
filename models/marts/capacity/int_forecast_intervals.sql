{{ config(materialized='view') }}

{%- set levels = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 1] -%}
{%- set series = ['service_name', 'resource', 'grain', 'method'] %}
{%- set windows = {
    80: var('forecast_calibration_origins'),
    95: 2 * var('forecast_calibration_origins'),
} %}

-- Conformal intervals: the errors of earlier origins predict the error of a forecast. Series drift,
-- so quantiles of past errors are too narrow: the level is raised to the lowest one whose intervals
-- would have reached the nominal coverage up to the origin. Nothing later than the origin is used.
-- Large errors are rare: the 95 % interval looks back twice as far. It contains the 80 % interval.
with errors as (
    select * from {{ ref('int_forecast_errors') }}
),

targets as (
    select distinct
        {{ series | join(', ') }},
        origin_ts,
        origin_number,
        horizon_bucket
    from errors
),

past_errors as (
    select
        {% for key in series %}targets.{{ key }},
        {% endfor -%}
        targets.origin_ts,
        targets.origin_number,
        targets.horizon_bucket,
        targets.origin_number - former.origin_number as origins_ago,
        former.error
    from targets
    inner join errors as former
        on
            {% for key in series %}
                targets.{{ key }} = former.{{ key }}
                and {% endfor -%}
            former.target_ts <= targets.origin_ts
            and former.origin_number
            >= targets.origin_number - {{ windows.values() | max }}
            and targets.horizon_bucket >= former.horizon_bucket
    where former.error is not null
    qualify former.horizon_bucket = max(former.horizon_bucket) over (
        partition by
            {% for key in series %}targets.{{ key }},
            {% endfor %}targets.origin_ts,
            targets.horizon_bucket
    )
),

quantiles as (
    select
        {{ series | join(', ') }},
        origin_ts,
        origin_number,
        {% for nominal, window in windows.items() -%}
            quantile_cont(
                error,
                [
                    {% for level in levels %}{{ (1 - level) / 2 }},
                    {% endfor %}0.5
                ]
            ) filter (where origins_ago <= {{ window }}) as lower_errors_{{ nominal }},
            quantile_cont(
                error,
                [
                    {% for level in levels %}{{ (1 + level) / 2 }},
                    {% endfor %}0.5
                ]
            ) filter (where origins_ago <= {{ window }}) as upper_errors_{{ nominal }},
        {% endfor -%}
        horizon_bucket
    from past_errors
    group by {{ series | join(', ') }}, origin_ts, origin_number, horizon_bucket
),

-- How often an interval of each level contained the actual value.
held as (
    select
        {% for key in series %}errors.{{ key }},
        {% endfor -%}
        errors.origin_number,
        max(errors.target_ts) as known_ts,
        levels.level,
        {% for nominal in windows -%}
            count(*) filter (
                where errors.error between quantiles.lower_errors_{{ nominal }}[levels.level]
                and quantiles.upper_errors_{{ nominal }}[levels.level]
            ) as forecasts_held_{{ nominal }},
        {% endfor -%}
        count(*) as forecasts
    from errors
    inner join quantiles
        on
            {% for key in series %}
                errors.{{ key }} = quantiles.{{ key }}
                and {% endfor -%}
            errors.origin_ts = quantiles.origin_ts
            and errors.horizon_bucket = quantiles.horizon_bucket
    cross join range(1, {{ levels | length + 1 }}) as levels (level)
    where errors.error is not null
    group by
        {% for key in series %}errors.{{ key }},
        {% endfor %}errors.origin_number,
        levels.level
),

calibrated as (
    select
        {% for key in series %}quantiles.{{ key }},
        {% endfor -%}
        quantiles.origin_ts,
        quantiles.horizon_bucket,
        {% for nominal in windows -%}
            sum(held.forecasts_held_{{ nominal }}) / sum(held.forecasts)
                as share_held_{{ nominal }},
        {% endfor -%}
        held.level
    from quantiles
    inner join held
        on
            {% for key in series %}
                quantiles.{{ key }} = held.{{ key }}
                and {% endfor -%}
            held.known_ts <= quantiles.origin_ts
    group by
        {% for key in series %}quantiles.{{ key }},
        {% endfor -%}
        quantiles.origin_ts, quantiles.horizon_bucket, held.level
),

chosen_levels as (
    select
        {{ series | join(', ') }},
        origin_ts,
        horizon_bucket,
        min(level) filter (where share_held_80 >= 0.8) as level_80,
        min(level) filter (where share_held_95 >= 0.95) as level_95
    from calibrated
    group by {{ series | join(', ') }}, origin_ts, horizon_bucket
),

bounds as (
    select
        {% for key in series %}quantiles.{{ key }},
        {% endfor -%}
        quantiles.horizon_bucket,
        {% for nominal in windows -%}
            quantiles.lower_errors_{{ nominal }}[
                coalesce(chosen_levels.level_{{ nominal }}, {{ levels | length }})
            ]
                as lower_error_{{ nominal }},
            quantiles.upper_errors_{{ nominal }}[
                coalesce(chosen_levels.level_{{ nominal }}, {{ levels | length }})
            ]
                as upper_error_{{ nominal }},
        {% endfor -%}
        quantiles.origin_ts
    from quantiles
    left join chosen_levels
        on
            {% for key in series %}
                quantiles.{{ key }} = chosen_levels.{{ key }}
                and {% endfor -%}
            quantiles.origin_ts = chosen_levels.origin_ts
            and quantiles.horizon_bucket = chosen_levels.horizon_bucket
),

final as (
    select
        ---------- ids
        service_name,

        ---------- dimensions
        resource,
        grain,
        method,

        ---------- measures
        horizon_bucket,
        lower_error_80,
        upper_error_80,
        least(lower_error_80, lower_error_95) as lower_error_95,
        greatest(upper_error_80, upper_error_95) as upper_error_95,

        ---------- timestamps
        origin_ts
    from bounds
)

select * from final
