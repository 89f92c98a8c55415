-- Which titles were watched most, by region, over some days?
-- Watch time adds up over days; viewers do not (one person on two days), so they are not summed.
with title_metrics as (
    select * from {{ ref('daily_title_metrics') }}
    where
        activity_date between date '{{ var("from_date", "2025-01-01") }}'
        and date '{{ var("to_date", "2025-01-14") }}'
),

final as (
    select
        region,
        title_id,
        sum(total_watch_time) as total_watch_time,
        sum(watch_events) as watch_events
    from title_metrics
    group by region, title_id
    qualify row_number() over (
        partition by region
        order by sum(total_watch_time) desc, title_id asc
    ) <= 10
)

select * from final
order by region asc, total_watch_time desc, title_id asc
