{{ config(incremental_strategy='delete+insert', unique_key=['service_name', 'dt']) }}

with utilization as (
    select * from {{ ref('minutely_service_utilization') }}
    where
        {{ days_around_affected(ref('hpa_what_if'), 'dt', days_after=1) }}
        or {{ days_around_affected(ref('hourly_predicted_demand'), 'dt', days_before=1) }}
),

predictions as (
    select * from {{ ref('hourly_predicted_demand') }}
    where
        {{ days_around_affected(ref('hpa_what_if'), 'dt', days_after=2) }}
        or {{ days_around_affected(
            ref('hourly_predicted_demand'), 'dt', days_before=1, days_after=1
        ) }}
),

policies as (
    select * from {{ ref('autoscaling_policies') }}
),

-- The autoscaler's replicas in each minute: those paid for, and the fewest that could serve.
reactive as (
    select
        service_name,
        date_trunc('minute', sync_ts) as minute_ts,
        avg(desired_replicas) as reactive_replicas,
        min(replicas - starting_replicas) as reactive_ready_replicas,
        max(batch_id) as batch_id
    from {{ ref('hpa_what_if') }}
    where
        {{ days_around_affected(ref('hpa_what_if'), 'dt', days_before=1, days_after=1) }}
        or {{ days_around_affected(ref('hourly_predicted_demand'), 'dt', days_before=2) }}
    group by service_name, date_trunc('minute', sync_ts)
),

-- Replicas per hour: as many as carry the predicted peak at the autoscaler's own target.
schedule as (
    select
        predictions.service_name,
        predictions.hour_ts,
        predictions.batch_id,
        policies.pod_start_seconds,
        least(policies.max_replicas, greatest(policies.min_replicas, cast(ceil(
            predictions.predicted_cpu_pods_peak * 100 / policies.cpu_target_percent
        ) as integer))) as scheduled_replicas
    from predictions
    inner join policies
        on
            policies.service_name
            = {{ policy_of('predictions.service_name', ref('autoscaling_policies')) }}
    -- A schedule needs a CPU target; a policy without one has no schedule.
    where policies.cpu_target_percent is not null
),

minutes as (
    select
        utilization.*,
        utilization.cpu_percent_total / 100 * utilization.counted_instances
        / nullif(utilization.cpu_measured_instances, 0) as cpu_pods
    from utilization
),

final as (
    select
        ---------- ids
        minutes.service_name,

        ---------- measures
        minutes.cpu_pods,
        cast(ceil(
            minutes.cpu_pods * 100 / {{ var('saturated_above_percent') }}
        ) as integer) as required_replicas,
        reactive.reactive_replicas,
        cast(reactive.reactive_ready_replicas as integer) as reactive_ready_replicas,
        greatest(this_hour.scheduled_replicas, soon.scheduled_replicas) as scheduled_replicas,
        this_hour.scheduled_replicas as scheduled_ready_replicas,

        ---------- timestamps
        minutes.minute_ts,
        minutes.dt,

        ---------- metadata
        greatest(minutes.batch_id, reactive.batch_id, this_hour.batch_id, soon.batch_id) as batch_id
    from minutes
    inner join reactive
        on
            minutes.service_name = reactive.service_name
            and minutes.minute_ts = reactive.minute_ts
    inner join schedule as this_hour
        on
            minutes.service_name = this_hour.service_name
            and date_trunc('hour', minutes.minute_ts) = this_hour.hour_ts
    left join schedule as soon
        on
            minutes.service_name = soon.service_name
            and date_trunc('hour', minutes.minute_ts + to_seconds(soon.pod_start_seconds))
            = soon.hour_ts
    where minutes.cpu_pods is not null
)

select * from final
