-- Where each sample lies in its trace, in time and in bits. Every window is within a trace and its
-- day, so that a filter on `trace_date` reaches the files.
{{ config(materialized='view') }}

with throughput_samples as (
    select
        *,
        -- kbit/s times ms are bits.
        cast(duration_ms as bigint) * bandwidth_kbps as bits
    from {{ ref('throughput_samples') }}
),

positioned as (
    select
        *,
        sum(duration_ms) over so_far as end_ms,
        sum(bits) over so_far as end_bits,
        sum(duration_ms) over of_trace as trace_ms,
        sum(bits) over of_trace as trace_bits,
        trace_ms / count(*) over of_trace as bucket_ms,
        trace_bits / count(*) over of_trace as bucket_bits
    from throughput_samples
    window
        of_trace as (partition by trace_id, trace_date),
        so_far as (
            partition by trace_id, trace_date
            order by sample_number
            rows between unbounded preceding and current row
        )
),

final as (
    select
        ---------- ids
        trace_id,
        sample_number,

        ---------- dimensions
        network_type,

        ---------- measures
        duration_ms,
        bandwidth_kbps,
        latency_ms,
        cast(end_ms - duration_ms as bigint) as begin_ms,
        cast(end_ms as bigint) as end_ms,
        cast(end_bits - bits as bigint) as begin_bits,
        cast(end_bits as bigint) as end_bits,
        cast(trace_ms as double) as trace_ms,
        cast(trace_bits as double) as trace_bits,
        bucket_ms,
        bucket_bits,
        -- A trace has as many equal buckets as samples, of time and of bits; these hold the sample.
        range(
            cast(floor((end_ms - duration_ms) / bucket_ms) as bigint),
            cast(floor(end_ms / bucket_ms) as bigint) + 1
        ) as time_buckets,
        range(
            cast(floor((end_bits - bits) / bucket_bits) as bigint),
            cast(floor(end_bits / bucket_bits) as bigint) + 1
        ) as bits_buckets,

        ---------- timestamps
        trace_date,

        ---------- metadata
        batch_id
    from positioned
)

select * from final
