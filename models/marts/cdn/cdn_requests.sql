with staged as (
    select * from {{ ref('stg_cdn_requests') }}
    where
        not _is_rejected
        and {{ new_batches(ref('stg_cdn_requests')) }}
),

first_deliveries as (
    select * from staged
    where {{ is_first_delivery('staged', 'request_id', ref('stg_cdn_requests')) }}
),

final as (
    select
        ---------- ids
        request_id,
        title_id,

        ---------- dimensions
        edge,
        region,
        object,
        content_class,
        cache_status,

        ---------- measures
        response_bytes,
        ttl_seconds,
        age_seconds,
        time_to_first_byte_ms,

        ---------- timestamps
        request_ts,
        dt,

        ---------- metadata
        batch_id
    from first_deliveries
    where {{ not_yet_loaded('first_deliveries', 'request_id', ref('stg_cdn_requests')) }}
)

select * from final
