with staged as (
    select * from {{ ref('stg_throughput_samples') }}
    where
        not _is_rejected
        and {{ new_batches(ref('stg_throughput_samples')) }}
),

first_deliveries as (
    select * from staged
    where {{ is_first_delivery('staged', 'sample_id', ref('stg_throughput_samples')) }}
),

final as (
    select
        ---------- ids
        sample_id,
        trace_id,

        ---------- dimensions
        network_type,

        ---------- measures
        sample_number,
        duration_ms,
        bandwidth_kbps,
        latency_ms,

        ---------- timestamps
        trace_started_at,
        trace_date,

        ---------- metadata
        batch_id
    from first_deliveries
    where {{ not_yet_loaded(
        'first_deliveries', 'sample_id', ref('stg_throughput_samples'), partition='trace_date'
    ) }}
)

select * from final
