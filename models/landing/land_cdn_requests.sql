-- Landing of CDN requests: every delivered row once, as text, exactly as delivered.
with delivered as (
    {{ delivered_rows(
        required_columns=[
            'request_id',
            'edge',
            'region',
            'object',
            'content_class',
            'cache_status',
            'response_bytes',
            'time_to_first_byte_ms',
            'request_ts',
        ],
        optional_columns=[
            'title_id',
            'ttl_seconds',
            'age_seconds',
            'cmcd',
        ]
    ) }}
),

final as (
    select * from delivered
)

select * from final
