-- Every landed event that the fact did not keep: rejected, conflicting and duplicate rows.
{{ quarantine_rows(
    staged=ref('stg_playback_events'),
    kept=ref('playback_events'),
    id='event_id',
    payload=[
        'profile_id', 'session_id', 'title_id', 'region', 'device_type', 'cdn_endpoint', 'event_type', 'is_fatal',
        'error_code', 'sequence_number', 'bitrate_kbps', 'measured_throughput_kbps', 'buffer_length_ms',
        'event_data', 'event_ts', 'session_started_at',
    ],
) }}
