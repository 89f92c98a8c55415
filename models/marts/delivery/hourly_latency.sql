{{ config(
    incremental_strategy='delete+insert',
    unique_key=['service_name', 'endpoint', 'hour_ts', 'dt'],
) }}

with requests as (
    select
        *,
        date_trunc('hour', timestamp) as hour_ts
    from {{ ref('api_request_logs') }}
    where
        {{ affected_keys(
            ref('api_request_logs'),
            keys=['service_name', 'endpoint', "date_trunc('hour', timestamp)", 'dt'],
        ) }}
),

final as (
    {{ latency_cells('requests', keys=['service_name', 'endpoint', 'hour_ts', 'dt']) }}
)

select * from final
