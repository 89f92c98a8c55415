-- How good was playback, by day, region and device type?
with playback_metrics as (
    select * from {{ ref('daily_playback_metrics') }}
    where
        session_date between date '{{ var("from_date", "2025-01-01") }}'
        and date '{{ var("to_date", "2025-01-14") }}'
),

final as (
    select
        session_date,
        region,
        device_type,
        sum(attempts) as attempts,
        sum(exits_before_video_start) / nullif(sum(attempts), 0) as exit_before_video_start_ratio,
        sum(video_start_failures) / nullif(sum(attempts), 0) as video_start_failure_ratio,
        sum(video_start_time_sum_ms) / nullif(sum(timed_starts), 0) as mean_video_start_time_ms,
        sum(rebuffering_ms) / nullif(sum(playing_ms + rebuffering_ms), 0) as rebuffering_ratio,
        sum(rebuffering_ms - rebuffering_seek_ms)
        / nullif(sum(playing_ms + rebuffering_ms - rebuffering_seek_ms), 0)
            as rebuffering_without_seeks_ratio,
        sum(played_bits) / nullif(sum(bitrate_known_ms), 0) as time_weighted_bitrate_kbps
    from playback_metrics
    group by session_date, region, device_type
)

select * from final
order by session_date, region, device_type
