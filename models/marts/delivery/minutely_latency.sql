{{ config(
    incremental_strategy='delete+insert',
    unique_key=['service_name', 'endpoint', 'minute_ts', 'dt'],
) }}

with requests as (
    select
        *,
        date_trunc('minute', timestamp) as minute_ts
    from {{ ref('api_request_logs') }}
    where
        {{ affected_keys(
            ref('api_request_logs'),
            keys=['service_name', 'endpoint', "date_trunc('hour', timestamp)", 'dt'],
        ) }}
),

-- An endpoint has minutes only for hours in which they are much smaller than its requests.
dense as (
    select * from requests
    qualify count(*) over (
        partition by service_name, endpoint, date_trunc('hour', timestamp)
    ) >= 60 * {{ var('minute_sketch_min_requests') }}
),

final as (
    {{ latency_cells('dense', keys=['service_name', 'endpoint', 'minute_ts', 'dt']) }}
)

select * from final
