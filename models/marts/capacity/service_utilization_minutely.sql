{{ config(
    incremental_strategy='delete+insert',
    unique_key=['service_name', 'dt'],
    partitioned_by=['dt'],
    sorted_by=['service_name', 'minute_ts'],
) }}

with resource_metrics as (
    select * from {{ ref('resource_metrics') }}
    where {{ touched(ref('resource_metrics'), keys=['service_name', 'dt']) }}
),

final as (
    select
        ---------- ids
        service_name,

        ---------- measures
        cast(count(*) as integer) as instances,
        cast(count(*) filter (where is_ready) as integer) as ready_instances,
        cast(count(cpu_percent) filter (where is_ready) as integer) as cpu_measured_instances,
        coalesce(sum(cpu_percent) filter (where is_ready), 0) as cpu_percent_total,
        cast(count(memory_percent) as integer) as memory_measured_instances,
        coalesce(sum(memory_percent), 0) as memory_percent_total,
        max(disk_percent) as highest_disk_percent,
        cast(sum(network_bytes) as bigint) as network_bytes,

        ---------- timestamps
        minute_ts,
        dt,

        ---------- metadata
        max(batch) as batch
    from resource_metrics
    group by service_name, minute_ts, dt
)

select * from final
