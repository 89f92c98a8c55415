-- How does dynamic content compare with static: its share, its cost at the origin, its latency?
with cdn_metrics as (
    select * from {{ ref('daily_cdn_metrics') }}
    where
        activity_date between date '{{ var("from_date", "2025-01-01") }}'
        and date '{{ var("to_date", "2025-01-14") }}'
),

final as (
    select
        content_class,
        sum(requests) as requests,
        sum(response_bytes) as response_bytes,
        sum(edge_requests) / sum(requests) as request_hit_ratio,
        sum(edge_bytes) / nullif(sum(response_bytes), 0) as byte_hit_ratio,
        sum(origin_requests) / sum(sum(origin_requests)) over () as share_of_origin_requests,
        sum(origin_bytes) / nullif(sum(sum(origin_bytes)) over (), 0) as share_of_origin_bytes,
        sum(time_to_first_byte_sum_ms) / sum(requests) as mean_time_to_first_byte_ms
    from cdn_metrics
    group by content_class
)

select * from final
order by content_class
