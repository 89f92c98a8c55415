-- What would a release night need? The predicted demand of the coming week, evening by evening,
-- times an uplift: variable `uplift` (default 2). Shows whether the maximum of replicas would be
-- sufficient.
with predictions as (
    select
        service_name,
        hour_ts,
        dt,
        predicted_cpu_pods_peak / expected_uplift * {{ var('uplift', 2) }} as cpu_pods
    from {{ ref('hourly_predicted_demand') }}
    where
        dt > cast({{ as_of(ref('hourly_service_demand'), 'hour_ts') }} as date)
        and dt <= cast({{ as_of(ref('hourly_service_demand'), 'hour_ts') }} as date) + 7
        and hour(hour_ts) between 18 and 23
),

final as (
    select
        predictions.service_name,
        predictions.dt,
        max_by(predictions.hour_ts, predictions.cpu_pods) as busiest_hour_ts,
        max(predictions.cpu_pods) as cpu_pods,
        cast(ceil(
            max(predictions.cpu_pods) * 100 / any_value(policies.cpu_target_percent)
        ) as integer) as replicas_needed,
        any_value(policies.max_replicas) as max_replicas,
        ceil(max(predictions.cpu_pods) * 100 / any_value(policies.cpu_target_percent))
        <= any_value(policies.max_replicas) as is_enough
    from predictions
    inner join {{ ref('autoscaling_policies') }} as policies
        on
            policies.service_name
            = {{ policy_of('predictions.service_name', ref('autoscaling_policies')) }}
    group by predictions.service_name, predictions.dt
)

select * from final
order by service_name, dt
