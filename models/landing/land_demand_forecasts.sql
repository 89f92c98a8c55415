-- Landing of the forecasts of `reelhouse forecast`: every row once, as text.
with delivered as (
    {{ delivered_rows(
        required_columns=['service_name', 'resource', 'grain', 'method', 'origin_ts', 'target_ts', 'forecast'],
    ) }}
),

final as (
    select * from delivered
)

select * from final
