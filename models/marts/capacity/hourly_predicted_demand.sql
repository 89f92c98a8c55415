{{ config(incremental_strategy='delete+insert', unique_key=['service_name', 'dt']) }}

{%- set weeks = var('demand_history_weeks') %}

-- Known before each day began: the same hour of the weeks before without their events, extended by
-- the trend of those weeks, times the announced uplifts of the hour. An hour without a CPU sample
-- is unknown demand, not zero.
with demand as (
    select * from {{ ref('hourly_service_demand') }}
    where
        cpu_pods_peak is not null
        and {{ days_around_affected(
            ref('hourly_service_demand'), 'dt',
            days_before=7 * (weeks - 1), days_after=7 * (weeks - 1), every_days=7
        ) }}
),

uplifts as (
    select * from {{ ref('int_expected_uplifts') }}
),

-- Every hour that the demand of the weeks before can predict.
hours as (
    select distinct
        demand.service_name,
        demand.hour_ts + to_days(7 * cast(weeks.week as integer)) as hour_ts,
        demand.dt + 7 * cast(weeks.week as integer) as dt
    from demand
    cross join range(1, {{ weeks + 1 }}) as weeks (week)
    where
        {{ days_around_affected(
            ref('hourly_service_demand'), 'demand.dt + 7 * cast(weeks.week as integer)',
            days_before=-7, days_after=7 * weeks, every_days=7
        ) }}
),

hourly_uplifts as (
    select
        hours.service_name,
        hours.hour_ts,
        product(uplifts.expected_uplift) as expected_uplift,
        list(uplifts.event_name order by uplifts.event_name) as event_names
    from (
        select
            service_name,
            hour_ts
        from hours
        union
        select
            service_name,
            hour_ts
        from demand
    ) as hours
    inner join uplifts
        on
            uplifts.service_name in (hours.service_name, 'all')
            and hours.hour_ts < uplifts.ends_at
            and hours.hour_ts + interval 1 hour > uplifts.starts_at
    group by hours.service_name, hours.hour_ts
),

usual_demand as (
    select
        demand.service_name,
        demand.hour_ts,
        demand.batch_id,
        demand.cpu_pods_peak / coalesce(hourly_uplifts.expected_uplift, 1) as cpu_pods_peak
    from demand
    left join hourly_uplifts
        on
            demand.service_name = hourly_uplifts.service_name
            and demand.hour_ts = hourly_uplifts.hour_ts
),

weeks_before as (
    select
        hours.service_name,
        hours.hour_ts,
        hours.dt,
        usual_demand.cpu_pods_peak,
        usual_demand.batch_id,
        date_diff('day', usual_demand.hour_ts, hours.hour_ts) // 7 as weeks_ago
    from hours
    inner join usual_demand
        on
            hours.service_name = usual_demand.service_name
            and usual_demand.hour_ts in (
                {% for week in range(1, weeks + 1) %}
                    hours.hour_ts - interval {{ 7 * week }} day{{ ',' if not loop.last }}
                {% endfor %}
            )
),

-- Growth per week over the hours of a day: the newer half of the weeks compared with the older.
trends as (
    select
        service_name,
        dt,
        least(1.1, greatest(0.9, coalesce(pow(
            avg(cpu_pods_peak) filter (where weeks_ago <= {{ weeks // 2 }})
            / nullif(avg(cpu_pods_peak) filter (where weeks_ago > {{ weeks // 2 }}), 0),
            1.0 / {{ weeks / 2 }}
        ), 1))) as weekly_growth
    from weeks_before
    group by service_name, dt
),

final as (
    select
        ---------- ids
        weeks_before.service_name,

        ---------- dimensions
        any_value(hourly_uplifts.event_names) as event_names,

        ---------- measures
        count(*) as weeks_of_history,
        any_value(trends.weekly_growth) as weekly_growth,
        coalesce(any_value(hourly_uplifts.expected_uplift), 1) as expected_uplift,
        quantile_cont(
            weeks_before.cpu_pods_peak * pow(trends.weekly_growth, weeks_before.weeks_ago), 0.5
        )
        * coalesce(any_value(hourly_uplifts.expected_uplift), 1) as predicted_cpu_pods_peak,

        ---------- timestamps
        weeks_before.hour_ts,
        weeks_before.dt,

        ---------- metadata
        max(weeks_before.batch_id) as batch_id
    from weeks_before
    inner join trends
        on
            weeks_before.service_name = trends.service_name
            and weeks_before.dt = trends.dt
    left join hourly_uplifts
        on
            weeks_before.service_name = hourly_uplifts.service_name
            and weeks_before.hour_ts = hourly_uplifts.hour_ts
    group by weeks_before.service_name, weeks_before.hour_ts, weeks_before.dt
)

select * from final
