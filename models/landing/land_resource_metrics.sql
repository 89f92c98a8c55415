-- Landing of resource metrics: every delivered row once, as text, exactly as delivered.
with delivered as (
    {{ delivered_rows(
        required_columns=['service_name', 'instance', 'minute_ts'],
        optional_columns=['cpu_percent', 'memory_percent', 'disk_percent', 'network_bytes', 'is_ready'],
    ) }}
),

final as (
    select * from delivered
)

select * from final
