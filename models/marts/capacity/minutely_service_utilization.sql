{{ config(incremental_strategy='delete+insert', unique_key=['service_name', 'dt']) }}

with resource_metrics as (
    select * from {{ ref('resource_metrics') }}
    where {{ affected_keys(ref('resource_metrics'), keys=['service_name', 'dt']) }}
),

-- Pods whose CPU the autoscaler counts, as its controller decides: a pod that has just started,
-- once it was ready for a minute; later, every pod that was ever ready, even if it no longer is.
histories as (
    select
        *,
        min(minute_ts) over (partition by service_name, dt) as first_minute_ts,
        min(minute_ts) over (partition by service_name, dt, instance) as first_seen_ts,
        min(minute_ts) filter (where is_ready) over (partition by service_name, dt, instance)
            as first_ready_ts,
        lag(is_ready) over (partition by service_name, dt, instance order by minute_ts)
            as was_ready_before
    from resource_metrics
),

judged as (
    select
        *,
        case
            when
                first_seen_ts > first_minute_ts
                and date_diff('minute', first_seen_ts, minute_ts)
                < {{ var('hpa_cpu_initialization_minutes') }}
                then is_ready and coalesce(was_ready_before, false)
            else coalesce(first_ready_ts <= minute_ts, false)
        end as is_counted
    from histories
),

final as (
    select
        ---------- ids
        service_name,

        ---------- measures
        cast(count(*) as integer) as instances,
        cast(count(*) filter (where is_ready) as integer) as ready_instances,
        cast(count(*) filter (where is_counted) as integer) as counted_instances,
        cast(count(cpu_percent) filter (where is_counted) as integer) as cpu_measured_instances,
        coalesce(sum(cpu_percent) filter (where is_counted), 0) as cpu_percent_total,
        cast(count(memory_percent) as integer) as memory_measured_instances,
        coalesce(sum(memory_percent), 0) as memory_percent_total,
        max(disk_percent) as highest_disk_percent,
        cast(sum(network_bytes) as bigint) as network_bytes,

        ---------- timestamps
        minute_ts,
        dt,

        ---------- metadata
        max(batch_id) as batch_id
    from judged
    group by service_name, minute_ts, dt
)

select * from final
