-- How much do the edges serve: by edge, by region, by title, and in all? Offload is the byte hit ratio.
with cdn_metrics as (
    select * from {{ ref('daily_cdn_metrics') }}
    where
        activity_date between date '{{ var("from_date", "2025-01-01") }}'
        and date '{{ var("to_date", "2025-01-14") }}'
),

final as (
    select
        edge,
        region,
        title_id,
        sum(requests) as requests,
        sum(edge_requests) / sum(requests) as request_hit_ratio,
        sum(edge_bytes) / nullif(sum(response_bytes), 0) as byte_hit_ratio,
        sum(origin_requests) as origin_requests,
        sum(origin_bytes) as origin_bytes,
        sum(edge_time_to_first_byte_sum_ms) / nullif(sum(immediate_requests), 0)
            as immediate_time_to_first_byte_ms,
        (sum(time_to_first_byte_sum_ms) - sum(edge_time_to_first_byte_sum_ms))
        / nullif(sum(requests) - sum(immediate_requests), 0) as waiting_time_to_first_byte_ms
    from cdn_metrics
    group by grouping sets ((edge), (region), (title_id), ())
)

select * from final
order by edge nulls last, region nulls last, title_id nulls last
