-- How busy are the instances of each service, by hour? The busiest instance is shown with the mean:
-- a mean of 50 percent with one instance at 95 is not half idle.
with hours as (
    select
        service_name,
        instance,
        date_trunc('hour', minute_ts) as hour_ts,
        sum(cpu_percent) as cpu_percent_sum,
        count(cpu_percent) as cpu_samples,
        max(cpu_percent) as cpu_percent_max,
        sum(memory_percent) as memory_percent_sum,
        count(memory_percent) as memory_samples,
        max(disk_percent) as disk_percent_max,
        sum(network_bytes) as network_bytes
    from {{ ref('resource_metrics') }}
    where
        dt between date '{{ var("from_date", "2025-01-14") }}'
        and date '{{ var("to_date", "2025-01-14") }}'
        and is_ready
    group by service_name, instance, date_trunc('hour', minute_ts)
)

select
    service_name,
    hour_ts,
    count(*) as instances,
    sum(cpu_percent_sum) / sum(cpu_samples) as cpu_percent,
    max(cpu_percent_sum / cpu_samples) as busiest_instance_cpu_percent,
    max(cpu_percent_max) as highest_cpu_percent,
    sum(memory_percent_sum) / sum(memory_samples) as memory_percent,
    max(disk_percent_max) as fullest_disk_percent,
    sum(network_bytes) * 8 / 3600 / 1e6 as network_mbps
from hours
group by service_name, hour_ts
order by service_name, hour_ts
