-- How many replicas will each service need, hour by hour, in the week after the newest day?
select
    predictions.service_name,
    predictions.hour_ts,
    predictions.event_names,
    predictions.predicted_cpu_pods_peak,
    least(policies.max_replicas, greatest(policies.min_replicas, cast(ceil(
        predictions.predicted_cpu_pods_peak * 100 / policies.cpu_target_percent
    ) as integer))) as replicas,
    ceil(predictions.predicted_cpu_pods_peak * 100 / policies.cpu_target_percent)
    > policies.max_replicas as is_beyond_maximum
from {{ ref('hourly_predicted_demand') }} as predictions
inner join {{ ref('autoscaling_policies') }} as policies
    on
        policies.service_name
        = {{ policy_of('predictions.service_name', ref('autoscaling_policies')) }}
where
    predictions.dt > cast({{ as_of(ref('hourly_service_demand'), 'hour_ts') }} as date)
    and predictions.dt <= cast({{ as_of(ref('hourly_service_demand'), 'hour_ts') }} as date) + 7
order by predictions.service_name, predictions.hour_ts
