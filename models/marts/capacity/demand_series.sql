{{ config(materialized='view') }}

with demand as (
    select * from {{ ref('hourly_service_demand') }}
),

hourly as (
    {% for resource, value in {
        'cpu_pods': 'cpu_pod_minutes / nullif(cpu_minutes, 0)',
        'memory_pods': 'memory_pods_peak',
        'disk_percent': 'highest_disk_percent',
        'network_bytes': 'cast(network_bytes as double)',
    }.items() -%}
        select
            service_name,
            '{{ resource }}' as resource,
            hour_ts,
            dt,
            {{ value }} as demand
        from demand
        where {{ value }} is not null
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- The demand of a day is that of its busiest hour.
daily as (
    select
        service_name,
        resource,
        dt,
        max(demand) as demand
    from hourly
    group by service_name, resource, dt
),

final as (
    select
        ---------- ids
        service_name,

        ---------- dimensions
        resource,
        'hour' as grain,

        ---------- measures
        demand,

        ---------- timestamps
        hour_ts as period_ts
    from hourly
    union all
    select
        service_name,
        resource,
        'day' as grain,
        demand,
        cast(dt as timestamp) as period_ts
    from daily
)

select * from final
