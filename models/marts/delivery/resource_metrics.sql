{{ config(
    partitioned_by=['dt'],
    sorted_by=['service_name', 'instance', 'minute_ts'],
) }}

with staged as (
    select * from {{ ref('stg_resource_metrics') }}
    where
        not _is_rejected
        and {{ arrived(ref('stg_resource_metrics')) }}
),

first_deliveries as (
    select * from staged
    qualify row_number() over (
        partition by sample_id
        order by batch, _file, _row
    ) = 1
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
        batch
    from first_deliveries
    where {{ never_delivered_before('first_deliveries', 'sample_id', ref('stg_resource_metrics')) }}
)

select * from final
