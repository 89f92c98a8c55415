{{ config(
    incremental_strategy='delete+insert',
    unique_key=['client_region', 'serving_region', 'dt'],
) }}

with requests as (
    select * from {{ ref('api_request_logs') }}
    where {{ affected_keys(
        ref('api_request_logs'), keys=['client_region', 'serving_region', 'dt']
    ) }}
),

final as (
    {{ latency_cells('requests', keys=['client_region', 'serving_region', 'dt']) }}
)

select * from final
