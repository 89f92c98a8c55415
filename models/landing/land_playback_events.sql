-- Landing of playback events: every delivered row once, as text, exactly as delivered.
with delivered as (
    {{ delivered_rows(
        required_columns=[
            'event_id',
            'profile_id',
            'session_id',
            'title_id',
            'region',
            'device_type',
            'event_type',
            'event_ts',
            'session_started_at',
        ],
        optional_columns=[
            'sequence_number',
            'cdn_endpoint',
            'bitrate_kbps',
            'measured_throughput_kbps',
            'buffer_length_ms',
            'is_fatal',
            'error_code',
        ]
    ) }}
),

final as (
    select * from delivered
)

select * from final
