{{ config(incremental_strategy='delete+insert', unique_key=['service_name', 'dt']) }}

with utilization as (
    select * from {{ ref('minutely_service_utilization') }}
    where {{ affected_keys(ref('minutely_service_utilization'), keys=['service_name', 'dt']) }}
),

-- In pods: one pod is what an instance requests. An instance without a sample counts as the mean of
-- the others.
demand as (
    select
        *,
        cpu_percent_total / 100 * counted_instances / nullif(cpu_measured_instances, 0) as cpu_pods,
        memory_percent_total / 100 * instances / nullif(memory_measured_instances, 0) as memory_pods
    from utilization
),

final as (
    select
        ---------- ids
        service_name,

        ---------- measures
        count(*) as minutes,
        sum(cpu_pods) as cpu_pod_minutes,
        count(cpu_pods) as cpu_minutes,
        max(cpu_pods) as cpu_pods_peak,
        max(memory_pods) as memory_pods_peak,
        max(highest_disk_percent) as highest_disk_percent,
        cast(sum(network_bytes) as bigint) as network_bytes,

        ---------- timestamps
        date_trunc('hour', minute_ts) as hour_ts,
        dt,

        ---------- metadata
        max(batch_id) as batch_id
    from demand
    group by service_name, date_trunc('hour', minute_ts), dt
)

select * from final
