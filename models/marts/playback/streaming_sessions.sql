{%- set newest_throughputs_kbps = 'throughputs_kbps[-' ~ var('network_speed_samples') ~ ':]' -%}
{{ config(materialized='view') }}

with sessions as (
    select * from {{ ref('int_streaming_sessions__measured') }}
),

final as (
    select
        ---------- ids
        session_id,
        profile_id,
        title_id,

        ---------- dimensions
        case
            when has_failed then 'failed'
            when has_ended then 'ended'
            else 'active'
        end as status,
        region,
        device_type,
        cdn_endpoint,
        error_code,
        is_requested or has_started or has_failed as is_attempt,
        has_started,
        is_requested
        and not has_started
        and not has_failed as is_exit_before_video_start,
        has_failed and not has_started as is_video_start_failure,
        has_failed and has_started as is_playback_failure,

        ---------- measures
        -- To the kbit/s, so that a speed on the limit of a rule is on it.
        round({{ harmonic_mean(newest_throughputs_kbps) }} / 1000, 3) as network_speed,
        round({{ harmonic_mean('throughputs_kbps') }} / 1000, 3)
            as network_speed_harmonic_mean,
        list_aggregate(throughputs_kbps, 'quantile_disc', 0.1) / 1000
            as network_speed_p10,
        len(throughputs_kbps) as network_samples,
        video_start_time_ms,
        playing_ms,
        playing_ms / 1000 as watched_seconds,
        rebuffering_count,
        stall_ms + seek_stall_ms as rebuffering_ms,
        seek_stall_ms as rebuffering_seek_ms,
        (stall_ms + seek_stall_ms)
        / nullif(playing_ms + stall_ms + seek_stall_ms, 0)
            as rebuffering_ratio,
        stall_ms / nullif(playing_ms + stall_ms, 0)
            as rebuffering_without_seeks_ratio,
        seeking_ms,
        paused_ms,
        ad_ms,
        unobserved_ms,
        selected_kbps_sum / nullif(rendition_selections, 0)
            as average_bitrate_kbps,
        played_bits / nullif(bitrate_known_ms, 0) as time_weighted_bitrate_kbps,
        played_bits,
        bitrate_known_ms,
        greatest(rendition_selections - 1, 0) as rendition_switches,
        events,
        events_delivered - events as events_after_end,

        ---------- timestamps
        session_started_at,
        video_started_at,
        last_event_ts,
        ended_at,
        session_date,

        ---------- metadata
        batch_id
    from sessions
)

select * from final
