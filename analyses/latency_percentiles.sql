-- p50, p95 and p99 by service and endpoint over any window, without reading all its requests: full
-- hours from the hourly sketches, partial hours at the ends from minutes if they exist, and only
-- the rest from the requests.
-- dbt compile --vars '{from_ts: "2025-01-12 08:30", to_ts: "2025-01-14 11:10"}'
{% set from_ts = "timestamp '" ~ var('from_ts', '2025-01-12') ~ "'" %}
{% set to_ts = "timestamp '" ~ var('to_ts', '2025-01-15') ~ "'" %}

with hours as (
    select * from {{ ref('hourly_latency') }}
    where
        hour_ts >= {{ from_ts }}
        and hour_ts + interval 1 hour <= {{ to_ts }}
),

minutes as (
    select * from {{ ref('minutely_latency') }}
    where
        minute_ts >= {{ from_ts }}
        and minute_ts + interval 1 minute <= {{ to_ts }}
        and (
            date_trunc('hour', minute_ts) < {{ from_ts }}
            or date_trunc('hour', minute_ts) + interval 1 hour > {{ to_ts }}
        )
),

requests as (
    select * from {{ ref('api_request_logs') }} as single
    where
        timestamp >= {{ from_ts }}
        and timestamp < {{ to_ts }}
        and dt between cast({{ from_ts }} as date) and cast({{ to_ts }} as date)
        and (
            date_trunc('hour', timestamp) < {{ from_ts }}
            or date_trunc('hour', timestamp) + interval 1 hour > {{ to_ts }}
        )
        and not exists (
            select 1
            from minutes
            where
                minutes.service_name = single.service_name
                and minutes.endpoint = single.endpoint
                and minutes.minute_ts = date_trunc('minute', single.timestamp)
        )
),

rest as (
    {{ latency_cells('requests', keys=['service_name', 'endpoint']) }}
),

sketches as (
    select
        service_name,
        endpoint,
        sketch_buckets,
        sketch_counts
    from hours
    union all
    select
        service_name,
        endpoint,
        sketch_buckets,
        sketch_counts
    from minutes
    union all
    select
        service_name,
        endpoint,
        sketch_buckets,
        sketch_counts
    from rest
),

merged as (
    {{ merged_sketches('sketches', keys=['service_name', 'endpoint']) }}
)

select
    service_name,
    endpoint,
    list_sum(sketch_counts) as requests,
    {{ sketch_quantile('sketch_buckets', 'sketch_counts', 0.5) }} as p50_ms,
    {{ sketch_quantile('sketch_buckets', 'sketch_counts', 0.95) }} as p95_ms,
    {{ sketch_quantile('sketch_buckets', 'sketch_counts', 0.99) }} as p99_ms
from merged
order by p95_ms desc
