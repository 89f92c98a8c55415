{% macro simulated_playback(traces, segments, players) %}
with recursive samples as (
    select
        trace_id,
        duration_ms,
        bandwidth_kbps,
        latency_ms,
        coalesce(sum(duration_ms) over before_it, 0) as begin_ms,
        -- kbit/s times ms are bits.
        coalesce(sum(cast(duration_ms as bigint) * bandwidth_kbps) over before_it, 0) as begin_bits,
        coalesce(sum(cast(duration_ms as bigint) * bandwidth_kbps) over before_it, 0)
        + cast(duration_ms as bigint) * bandwidth_kbps as end_bits
    from {{ traces }}
    window before_it as (
        partition by trace_id
        order by sample_number
        rows between unbounded preceding and 1 preceding
    )
),

-- A trace that is too short begins again.
loops as (
    select
        trace_id,
        cast(sum(duration_ms) as double) as loop_ms,
        cast(max(end_bits) as double) as loop_bits,
        sum(duration_ms) / count(*) as bucket_ms,
        max(end_bits) / count(*) as bucket_bits
    from samples
    group by trace_id
    having max(end_bits) > 0
),

-- A recursive query has no ASOF join, so samples are found by equal buckets: of time, and of bits.
samples_by_time as (
    select
        samples.*,
        unnest(range(
            cast(floor(begin_ms / bucket_ms) as bigint),
            cast(floor((begin_ms + duration_ms) / bucket_ms) as bigint) + 1
        )) as bucket
    from samples
    inner join loops
        on samples.trace_id = loops.trace_id
),

samples_by_bits as (
    select
        samples.*,
        unnest(range(
            cast(floor(begin_bits / bucket_bits) as bigint),
            cast(floor(end_bits / bucket_bits) as bigint) + 1
        )) as bucket
    from samples
    inner join loops
        on samples.trace_id = loops.trace_id
    where samples.bandwidth_kbps > 0
),

segment_sizes as (
    select
        ladder,
        segment_number,
        min(duration_ms) as duration_ms,
        list(size_bits order by level) as sizes_bits
    from {{ segments }}
    group by ladder, segment_number
),

ladders as (
    select
        ladder,
        list(bitrate_kbps order by level) as bitrates_kbps
    from {{ segments }}
    where segment_number = 1
    group by ladder
),

downloads as (
    select
        loops.trace_id,
        ladders.ladder,
        players.policy_name,
        0 as segment_number,
        cast(0 as double) as clock_ms,
        cast(0 as double) as buffer_ms,
        0 as level,
        cast([] as double[]) as throughputs_kbps,
        cast(0 as double) as download_ms,
        cast(0 as double) as stalled_ms
    from loops
    cross join ladders
    cross join {{ players }} as players

    union all

    (
        -- With a full buffer the player waits before it asks for the next segment.
        with ready as (
            select
                downloads.* exclude (clock_ms, buffer_ms, segment_number),
                downloads.segment_number + 1 as segment_number,
                loops.loop_ms,
                loops.loop_bits,
                loops.bucket_ms,
                loops.bucket_bits,
                ladders.bitrates_kbps,
                segment_sizes.sizes_bits,
                segment_sizes.duration_ms,
                players.* exclude (policy_name),
                greatest(
                    downloads.buffer_ms + segment_sizes.duration_ms - {{ var('what_if_buffer_ms') }}, 0
                ) as wait_ms,
                downloads.clock_ms + wait_ms as clock_ms,
                downloads.buffer_ms - wait_ms as buffer_ms,
                {{ harmonic_mean('downloads.throughputs_kbps') }} as speed_kbps
            from downloads
            inner join loops
                on downloads.trace_id = loops.trace_id
            inner join ladders
                on downloads.ladder = ladders.ladder
            inner join segment_sizes
                on
                    downloads.ladder = segment_sizes.ladder
                    and downloads.segment_number + 1 = segment_sizes.segment_number
            inner join {{ players }} as players
                on downloads.policy_name = players.policy_name
        ),

        chosen as (
            select
                * replace ({{ chosen_level() }} as level),
                clock_ms % loop_ms as position_ms
            from ready
        ),

        requested as (
            select
                chosen.*,
                chosen.sizes_bits[chosen.level] as size_bits,
                chosen.clock_ms + samples_by_time.latency_ms as answer_ms,
                answer_ms % chosen.loop_ms as answer_position_ms
            from chosen
            inner join samples_by_time
                on
                    chosen.trace_id = samples_by_time.trace_id
                    and cast(floor(chosen.position_ms / chosen.bucket_ms) as bigint) = samples_by_time.bucket
                    and chosen.position_ms >= samples_by_time.begin_ms
                    and chosen.position_ms < samples_by_time.begin_ms + samples_by_time.duration_ms
        ),

        answered as (
            select
                requested.*,
                round((requested.answer_ms - requested.answer_position_ms) / requested.loop_ms)
                * requested.loop_bits
                + samples_by_time.begin_bits
                + (requested.answer_position_ms - samples_by_time.begin_ms) * samples_by_time.bandwidth_kbps
                + requested.size_bits as last_bit,
                last_bit % requested.loop_bits as last_position_bits
            from requested
            inner join samples_by_time
                on
                    requested.trace_id = samples_by_time.trace_id
                    and cast(floor(requested.answer_position_ms / requested.bucket_ms) as bigint)
                    = samples_by_time.bucket
                    and requested.answer_position_ms >= samples_by_time.begin_ms
                    and requested.answer_position_ms
                    < samples_by_time.begin_ms + samples_by_time.duration_ms
        ),

        received as (
            select
                answered.*,
                round((answered.last_bit - answered.last_position_bits) / answered.loop_bits)
                * answered.loop_ms
                + samples_by_bits.begin_ms
                + (answered.last_position_bits - samples_by_bits.begin_bits)
                / samples_by_bits.bandwidth_kbps as received_ms,
                received_ms - answered.clock_ms as taken_ms
            from answered
            inner join samples_by_bits
                on
                    answered.trace_id = samples_by_bits.trace_id
                    and cast(floor(answered.last_position_bits / answered.bucket_bits) as bigint)
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
            level,
            list_append(throughputs_kbps, size_bits / taken_ms)[-{{ var('network_speed_samples') }}:]
                as throughputs_kbps,
            taken_ms as download_ms,
            -- The wait for the first segment is the start, not a stall.
            case when segment_number > 1 then greatest(taken_ms - buffer_ms, 0) else 0 end as stalled_ms
        from received
    )
),

played as (
    select
        downloads.*,
        segment_sizes.duration_ms,
        ladders.bitrates_kbps[downloads.level] as bitrate_kbps,
        list_max(ladders.bitrates_kbps) as top_bitrate_kbps,
        lag(ladders.bitrates_kbps[downloads.level]) over (
            partition by downloads.trace_id, downloads.ladder, downloads.policy_name
            order by downloads.segment_number
        ) as former_bitrate_kbps
    from downloads
    inner join ladders
        on downloads.ladder = ladders.ladder
    inner join segment_sizes
        on
            downloads.ladder = segment_sizes.ladder
            and downloads.segment_number = segment_sizes.segment_number
)

select
    trace_id,
    ladder,
    policy_name,
    count(*) as segments,
    sum(duration_ms) as content_ms,
    sum(bitrate_kbps) as bitrate_sum_kbps,
    sum(stalled_ms) as rebuffering_ms,
    count(*) filter (stalled_ms > 0) as rebuffering_count,
    sum(download_ms) filter (segment_number = 1) as start_delay_ms,
    count(*) filter (bitrate_kbps <> former_bitrate_kbps) as rendition_switches,
    coalesce(sum(abs(bitrate_kbps - former_bitrate_kbps)), 0) as bitrate_change_sum_kbps,
    max(top_bitrate_kbps) as top_bitrate_kbps
from played
group by trace_id, ladder, policy_name
{% endmacro %}
