-- How much headroom does each service have now? Headroom is capacity over demand: the maximum of
-- replicas at their target, over the CPU demand of the newest minute and over the peak of the last
-- day.
with utilization as (
    select * from {{ ref('minutely_service_utilization') }}
    where dt >= cast({{ as_of(ref('minutely_service_utilization'), 'minute_ts') }} as date) - 1
),

demand as (
    select
        service_name,
        minute_ts,
        ready_instances,
        cpu_percent_total / 100 * counted_instances / nullif(cpu_measured_instances, 0) as cpu_pods
    from utilization
    where minute_ts <= {{ as_of(ref('minutely_service_utilization'), 'minute_ts') }}
),

final as (
    select
        demand.service_name,
        max(demand.minute_ts) as minute_ts,
        max_by(demand.ready_instances, demand.minute_ts) as ready_replicas,
        max_by(demand.cpu_pods, demand.minute_ts) as cpu_pods_now,
        max(demand.cpu_pods) as cpu_pods_peak_of_last_day,
        any_value(policies.max_replicas * policies.cpu_target_percent / 100) as capacity_cpu_pods,
        any_value(policies.max_replicas * policies.cpu_target_percent / 100)
        / nullif(max_by(demand.cpu_pods, demand.minute_ts), 0) as headroom_now,
        any_value(policies.max_replicas * policies.cpu_target_percent / 100)
        / nullif(max(demand.cpu_pods), 0) as headroom_at_peak
    from demand
    inner join {{ ref('autoscaling_policies') }} as policies
        on
            policies.service_name
            = {{ policy_of('demand.service_name', ref('autoscaling_policies')) }}
    group by demand.service_name
)

select * from final
order by headroom_at_peak
