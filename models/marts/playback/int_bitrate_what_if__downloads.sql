-- Each step of the recursion is the next segment of all players at once.
{{ config(incremental_strategy='delete+insert', unique_key=['trace_id', 'trace_date']) }}
{%- set is_affected = affected_keys(
    ref('throughput_samples'), keys=['trace_id', 'trace_date'], partition='trace_date'
) %}
{%- set newest = '[-' ~ var('network_speed_samples') ~ ':]' %}

with recursive samples as (
    select * from {{ ref('int_throughput_samples__positioned') }}
    where {{ is_affected }}
),

traces as (
    select * from {{ ref('int_throughput_traces__summarized') }}
    where {{ is_affected }} and trace_bits > 0
),

segments as (
    select * from {{ ref('int_ladder_segments__by_level') }}
),

players as (
    select * from {{ ref('int_bitrate_policies__with_rules') }}
),

-- A recursive query has no ASOF join, so samples are found by equal buckets: of time, and of bits.
samples_by_time as (
    select
        *,
        unnest(time_buckets) as bucket
    from samples
),

samples_by_bits as (
    select
        *,
        unnest(bits_buckets) as bucket
    from samples
    where bandwidth_kbps > 0
),

downloads as (
    select
        traces.trace_id,
        segments.ladder,
        players.policy_name,
        0 as segment_number,
        cast(0 as double) as clock_ms,
        cast(0 as double) as buffer_ms,
        0 as rendition,
        cast([] as double[]) as throughputs_kbps,
        cast(0 as double) as download_ms,
        cast(0 as double) as stalled_ms
    from traces
    cross join segments
    cross join players
    where segments.segment_number = 1

    union all

    (
        -- With a full buffer the player waits before it asks for the next segment.
        with ready as (
            select
                downloads.* exclude (clock_ms, buffer_ms, segment_number), -- noqa: RF02
                segments.* exclude (ladder), -- noqa: RF02
                players.* exclude (policy_name), -- noqa: RF02
                traces.* exclude (trace_id), -- noqa: RF02
                greatest(
                    downloads.buffer_ms + segments.duration_ms - {{ var('what_if_buffer_ms') }}, 0
                ) as wait_ms,
                downloads.clock_ms + wait_ms as clock_ms,
                downloads.buffer_ms - wait_ms as buffer_ms,
                {{ harmonic_mean('downloads.throughputs_kbps') }} as speed_kbps
            from downloads
            inner join traces
                on downloads.trace_id = traces.trace_id
            inner join segments
                on
                    downloads.ladder = segments.ladder
                    and downloads.segment_number + 1 = segments.segment_number
            inner join players
                on downloads.policy_name = players.policy_name
        ),

        chosen as (
            select
                * replace ({{ chosen_rendition() }} as rendition),
                clock_ms % trace_ms as position_ms
            from ready
        ),

        requested as (
            select
                chosen.*,
                chosen.sizes_bits[chosen.rendition] as size_bits,
                chosen.clock_ms + samples_by_time.latency_ms as answer_ms,
                answer_ms % chosen.trace_ms as answer_position_ms
            from chosen
            inner join samples_by_time
                on
                    chosen.trace_id = samples_by_time.trace_id
                    and floor(chosen.position_ms / chosen.bucket_ms) = samples_by_time.bucket
                    and chosen.position_ms >= samples_by_time.begin_ms
                    and chosen.position_ms < samples_by_time.end_ms
        ),

        answered as (
            select
                requested.*,
                -- A trace that is too short begins again.
                round((requested.answer_ms - requested.answer_position_ms) / requested.trace_ms)
                * requested.trace_bits
                + samples_by_time.begin_bits
                + (requested.answer_position_ms - samples_by_time.begin_ms)
                * samples_by_time.bandwidth_kbps
                + requested.size_bits as last_bit,
                last_bit % requested.trace_bits as last_position_bits
            from requested
            inner join samples_by_time
                on
                    requested.trace_id = samples_by_time.trace_id
                    and floor(requested.answer_position_ms / requested.bucket_ms)
                    = samples_by_time.bucket
                    and requested.answer_position_ms >= samples_by_time.begin_ms
                    and requested.answer_position_ms < samples_by_time.end_ms
        ),

        received as (
            select
                answered.*,
                round((answered.last_bit - answered.last_position_bits) / answered.trace_bits)
                * answered.trace_ms
                + samples_by_bits.begin_ms
                + (answered.last_position_bits - samples_by_bits.begin_bits)
                / samples_by_bits.bandwidth_kbps as received_ms,
                received_ms - answered.clock_ms as taken_ms
            from answered
            inner join samples_by_bits
                on
                    answered.trace_id = samples_by_bits.trace_id
                    and floor(answered.last_position_bits / answered.bucket_bits)
                    = samples_by_bits.bucket
                    and answered.last_position_bits <= samples_by_bits.end_bits
                    and (
                        answered.last_position_bits > samples_by_bits.begin_bits
                        or samples_by_bits.begin_bits = 0
                    )
        )

        select
            trace_id,
            ladder,
            policy_name,
            segment_number,
            received_ms as clock_ms,
            greatest(buffer_ms - taken_ms, 0) + duration_ms as buffer_ms,
            rendition,
            list_append(throughputs_kbps, size_bits / taken_ms){{ newest }} as throughputs_kbps,
            taken_ms as download_ms,
            -- The wait for the first segment is the start, not a stall.
            case when segment_number > 1 then greatest(taken_ms - buffer_ms, 0) else 0 end
                as stalled_ms
        from received
    )
),

final as (
    select
        ---------- ids
        downloads.trace_id,
        downloads.ladder,
        downloads.policy_name,
        downloads.segment_number,

        ---------- measures
        segments.duration_ms,
        segments.bitrates_kbps[downloads.rendition] as bitrate_kbps,
        list_max(segments.bitrates_kbps) as top_bitrate_kbps,
        downloads.download_ms,
        downloads.stalled_ms,

        ---------- timestamps
        traces.trace_date,

        ---------- metadata
        traces.batch_id
    from downloads
    inner join segments
        on
            downloads.ladder = segments.ladder
            and downloads.segment_number = segments.segment_number
    inner join traces
        on downloads.trace_id = traces.trace_id
)

select * from final
