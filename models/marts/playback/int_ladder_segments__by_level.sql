{{ config(materialized='view') }}

with ladder_segments as (
    select * from {{ ref('ladder_segments') }}
),

ladders as (
    select
        ladder,
        list(bitrate_kbps order by level) as bitrates_kbps
    from ladder_segments
    where segment_number = 1
    group by ladder
),

segment_sizes as (
    select
        ladder,
        segment_number,
        min(duration_ms) as duration_ms,
        list(size_bits order by level) as sizes_bits
    from ladder_segments
    group by ladder, segment_number
),

final as (
    select
        ---------- ids
        segment_sizes.ladder,
        segment_sizes.segment_number,

        ---------- measures
        segment_sizes.duration_ms,
        ladders.bitrates_kbps,
        segment_sizes.sizes_bits
    from segment_sizes
    inner join ladders
        on segment_sizes.ladder = ladders.ladder
)

select * from final
