{{ config(incremental_strategy='delete+insert', unique_key=['service_name', 'endpoint', 'dt']) }}

with hours as (
    select * from {{ ref('hourly_latency') }}
    where {{ affected_keys(ref('hourly_latency'), keys=['service_name', 'endpoint', 'dt']) }}
),

sketches as (
    {{ merged_sketches('hours', keys=['service_name', 'endpoint', 'dt']) }}
),

totals as (
    select
        service_name,
        endpoint,
        dt,
        sum(requests) as requests,
        sum(timed_requests) as timed_requests,
        sum(client_errors) as client_errors,
        sum(server_errors) as server_errors,
        sum(response_bytes) as response_bytes,
        sum(response_time_ms_sum) as response_time_ms_sum,
        max(batch_id) as batch_id
    from hours
    group by service_name, endpoint, dt
),

final as (
    select
        ---------- ids
        totals.service_name,
        totals.endpoint,

        ---------- measures
        cast(totals.requests as bigint) as requests,
        cast(totals.timed_requests as bigint) as timed_requests,
        cast(totals.client_errors as bigint) as client_errors,
        cast(totals.server_errors as bigint) as server_errors,
        cast(totals.response_bytes as bigint) as response_bytes,
        totals.response_time_ms_sum,
        sketches.sketch_buckets,
        sketches.sketch_counts,

        ---------- timestamps
        totals.dt,

        ---------- metadata
        totals.batch_id
    from totals
    left join sketches
        on
            totals.service_name = sketches.service_name
            and totals.endpoint = sketches.endpoint
            and totals.dt = sketches.dt
)

select * from final
