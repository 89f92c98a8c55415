-- Landing of throughput samples: every delivered row once, as text, exactly as delivered.
with delivered as (
    {{ delivered_rows(
        required_columns=[
            'trace_id',
            'sample_number',
            'duration_ms',
            'bandwidth_kbps',
            'latency_ms',
            'trace_started_at',
        ],
        optional_columns=['network_type']
    ) }}
),

final as (
    select * from delivered
)

select * from final
