-- Where forecasts enter that reelhouse forecast makes with a library: every row once, as text.
with delivered as (
    {{ delivered_rows(
        required_columns=['service_name', 'resource', 'grain', 'method', 'origin_ts', 'target_ts', 'forecast'],
    ) }}
),

final as (
    select * from delivered
)

select * from final
