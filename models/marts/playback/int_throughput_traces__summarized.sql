{{ config(materialized='view') }}

with samples as (
    select * from {{ ref('int_throughput_samples__positioned') }}
),

final as (
    select
        ---------- ids
        trace_id,

        ---------- dimensions
        min(network_type) as network_type,

        ---------- measures
        min(trace_ms) as trace_ms,
        min(trace_bits) as trace_bits,
        min(bucket_ms) as bucket_ms,
        min(bucket_bits) as bucket_bits,
        min(trace_bits) / min(trace_ms) as mean_kbps,
        -- Time-weighted variance around the mean: rounding can make a zero slightly negative.
        sqrt(greatest(
            sum(duration_ms * power(bandwidth_kbps, 2)) / sum(duration_ms) - power(mean_kbps, 2), 0
        )) / mean_kbps as variation,

        ---------- timestamps
        trace_date,

        ---------- metadata
        max(batch_id) as batch_id
    from samples
    group by trace_id, trace_date
)

select * from final
