-- How much do the edges serve: by edge, by region, by title, and in total?
-- Offload is the byte hit ratio.
with cdn_metrics as (
    select * from {{ ref('daily_cdn_metrics') }}
    where
        activity_date between date '{{ var("from_date", "2025-01-01") }}'
        and date '{{ var("to_date", "2025-01-14") }}'
),

breakdowns as (
    select unnest(['edge', 'region', 'title', 'all']) as breakdown
),

final as (
    select
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'edge' then cdn_metrics.edge
            when 'region' then cdn_metrics.region
            when 'title' then cdn_metrics.title_id
            else 'all'
        end as member,
        sum(cdn_metrics.requests) as requests,
        sum(cdn_metrics.edge_requests) / sum(cdn_metrics.requests) as request_hit_ratio,
        sum(cdn_metrics.edge_bytes) / nullif(sum(cdn_metrics.response_bytes), 0) as byte_hit_ratio,
        sum(cdn_metrics.origin_requests) as origin_requests,
        sum(cdn_metrics.origin_bytes) as origin_bytes,
        sum(cdn_metrics.edge_time_to_first_byte_sum_ms)
        / nullif(sum(cdn_metrics.immediate_requests), 0) as immediate_time_to_first_byte_ms,
        sum(cdn_metrics.time_to_first_byte_sum_ms - cdn_metrics.edge_time_to_first_byte_sum_ms)
        / nullif(sum(cdn_metrics.requests - cdn_metrics.immediate_requests), 0)
            as waiting_time_to_first_byte_ms
    from cdn_metrics
    cross join breakdowns
    group by breakdowns.breakdown, member
)

select * from final
order by breakdown asc, requests desc, member asc
