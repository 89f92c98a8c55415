{{ config(incremental_strategy='delete+insert', unique_key=['session_date']) }}

-- Complete days: a late event can move a session to another endpoint, and its row under the old
-- endpoint must be removed.
with streaming_sessions as (
    select * from {{ ref('streaming_sessions') }}
    where {{ affected_keys(
        ref('streaming_sessions'), keys=['session_date'], partition='session_date'
    ) }}
),

final as (
    select
        ---------- ids
        session_date,
        region,
        device_type,
        coalesce(cdn_endpoint, 'unknown') as cdn_endpoint,

        ---------- measures
        count(*) as sessions,
        count(distinct profile_id) as viewers,
        count(*) filter (is_attempt) as attempts,
        count(*) filter (has_started) as started_sessions,
        count(*) filter (is_exit_before_video_start) as exits_before_video_start,
        count(*) filter (is_video_start_failure) as video_start_failures,
        count(*) filter (is_playback_failure) as playback_failures,
        count(*) filter (rebuffering_count > 0) as sessions_with_rebuffering,
        count(video_start_time_ms) as timed_starts,
        cast(coalesce(sum(video_start_time_ms), 0) as bigint) as video_start_time_sum_ms,
        cast(quantile_disc(video_start_time_ms, 0.5) as bigint) as video_start_time_p50_ms,
        cast(quantile_disc(video_start_time_ms, 0.95) as bigint) as video_start_time_p95_ms,
        cast(sum(playing_ms) as bigint) as playing_ms,
        cast(sum(rebuffering_count) as bigint) as rebuffering_count,
        cast(sum(rebuffering_ms) as bigint) as rebuffering_ms,
        cast(sum(rebuffering_seek_ms) as bigint) as rebuffering_seek_ms,
        cast(sum(played_bits) as bigint) as played_bits,
        cast(sum(bitrate_known_ms) as bigint) as bitrate_known_ms,
        cast(sum(rendition_switches) as bigint) as rendition_switches,

        ---------- metadata
        max(batch_id) as batch_id
    from streaming_sessions
    group by session_date, region, device_type, coalesce(cdn_endpoint, 'unknown')
)

select * from final
