-- Landing of cache requests: every delivered row once, as text, exactly as delivered.
with delivered as (
    {{ delivered_rows(
        required_columns=[
            'request_ts',
            'cache_level',
            'cache_name',
            'cache_key',
            'operation',
            'hit',
            'ttl_seconds',
            'size_bytes',
            'latency_ms',
            'region',
        ],
        optional_columns=[
            'event_id',
            'request_id',
            'instance_id',
        ]
    ) }}
),

final as (
    select * from delivered
)

select * from final
