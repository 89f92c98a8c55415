with staged as (
    select * from {{ ref('stg_api_requests') }}
    where
        not _is_rejected
        and {{ new_batches(ref('stg_api_requests')) }}
),

first_deliveries as (
    select * from staged
    where {{ is_first_delivery('staged', 'request_id', ref('stg_api_requests')) }}
),

final as (
    select
        ---------- ids
        request_id,
        service_name,
        client_key,

        ---------- dimensions
        endpoint,
        method,
        status_code,
        client_region,
        serving_region,
        upstream_server,
        upstream_servers,
        upstream_statuses,
        rate_limit_status,

        ---------- measures
        response_time_ms,
        response_bytes,

        ---------- timestamps
        timestamp,
        dt,

        ---------- metadata
        batch_id
    from first_deliveries
    where {{ not_yet_loaded('first_deliveries', 'request_id', ref('stg_api_requests')) }}
)

select * from final
