-- Landing of watch events: every delivered row once, as text, exactly as delivered.
with delivered as (
    {{ delivered_rows(
        required_columns=[
            'event_id',
            'profile_id',
            'session_id',
            'title_id',
            'region',
            'device_type',
            'event_ts',
            'watch_seconds',
        ]
    ) }}
),

final as (
    select * from delivered
)

select * from final
