with staged as (
    select * from {{ ref('stg_resource_metrics') }}
    where
        not _is_rejected
        and {{ new_batches(ref('stg_resource_metrics')) }}
),

first_deliveries as (
    select * from staged
    where {{ is_first_delivery('staged', 'sample_id', ref('stg_resource_metrics')) }}
),

final as (
    select
        ---------- ids
        sample_id,
        service_name,
        instance,

        ---------- dimensions
        is_ready,

        ---------- measures
        cpu_percent,
        memory_percent,
        disk_percent,
        network_bytes,

        ---------- timestamps
        minute_ts,
        dt,

        ---------- metadata
        batch_id
    from first_deliveries
    where {{ not_yet_loaded('first_deliveries', 'sample_id', ref('stg_resource_metrics')) }}
)

select * from final
