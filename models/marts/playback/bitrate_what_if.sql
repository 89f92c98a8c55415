{{ config(incremental_strategy='delete+insert', unique_key=['trace_id', 'trace_date']) }}

with downloads as (
    select
        *,
        lag(bitrate_kbps) over (
            partition by trace_id, trace_date, ladder, policy_name
            order by segment_number
        ) as former_bitrate_kbps
    from {{ ref('int_bitrate_what_if__downloads') }}
    where {{ affected_keys(
        ref('int_bitrate_what_if__downloads'), keys=['trace_id', 'trace_date'], partition='trace_date'
    ) }}
),

traces as (
    select * from {{ ref('int_throughput_traces__summarized') }}
    where {{ affected_keys(
        ref('int_bitrate_what_if__downloads'), keys=['trace_id', 'trace_date'], partition='trace_date'
    ) }}
),

plays as (
    select
        trace_id,
        trace_date,
        ladder,
        policy_name,
        count(*) as segments,
        cast(sum(duration_ms) as bigint) as content_ms,
        cast(sum(bitrate_kbps) as bigint) as bitrate_sum_kbps,
        sum(stalled_ms) as rebuffering_ms,
        count(*) filter (stalled_ms > 0) as rebuffering_count,
        sum(download_ms) filter (segment_number = 1) as start_delay_ms,
        count(*) filter (bitrate_kbps <> former_bitrate_kbps) as rendition_switches,
        cast(coalesce(sum(abs(bitrate_kbps - former_bitrate_kbps)), 0) as bigint)
            as bitrate_change_sum_kbps,
        max(top_bitrate_kbps) as top_bitrate_kbps
    from downloads
    group by trace_id, trace_date, ladder, policy_name
),

final as (
    select
        ---------- ids
        plays.trace_id,
        plays.ladder,
        plays.policy_name,

        ---------- dimensions
        traces.network_type,
        {{ network_class('traces.network_type', 'traces.mean_kbps', 'traces.variation') }}
            as network_class,
        {{ evidence_fold('plays.trace_id') }} as evidence_fold,

        ---------- measures
        plays.segments,
        plays.content_ms,
        plays.bitrate_sum_kbps,
        plays.rebuffering_ms,
        plays.rebuffering_count,
        plays.start_delay_ms,
        plays.rendition_switches,
        plays.bitrate_change_sum_kbps,
        {{ quality_of_experience() }} as qoe_score,

        ---------- timestamps
        plays.trace_date,

        ---------- metadata
        traces.batch_id
    from plays
    inner join traces
        on
            plays.trace_id = traces.trace_id
            and plays.trace_date = traces.trace_date
)

select * from final
