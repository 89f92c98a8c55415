-- Where forecasts enter that scripts/forecast.py makes with a library: every row once, as text.
with delivered as (
    {{ delivered_rows(
        required_columns=['service_name', 'resource', 'grain', 'method', 'origin_ts', 'target_ts', 'forecast'],
    ) }}
),

final as (
    select * from delivered
)

select * from final
