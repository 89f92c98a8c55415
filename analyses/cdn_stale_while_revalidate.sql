-- What would serving stale copies during revalidation save? For windows after the TTL: how many
-- requests that waited for the origin would have been answered immediately, and how much sooner.
with cdn_requests as (
    select * from {{ ref('cdn_requests') }}
    where
        content_class = 'static'
        and dt between date '{{ var("from_date", "2025-01-01") }}'
        and date '{{ var("to_date", "2025-01-14") }}'
),

stale_windows as (
    select unnest([0, 30, 60, 300, 3600, 86400]) as window_seconds
),

edge_latencies as (
    select
        edge,
        avg(time_to_first_byte_ms) as immediate_ms
    from cdn_requests
    where cache_status in ('hit', 'stale')
    group by edge
),

final as (
    select
        stale_windows.window_seconds,
        count(*) filter (cdn_requests.cache_status in ('expired', 'revalidated'))
            as waited_for_renewal,
        count(*) filter (
            cdn_requests.cache_status in ('expired', 'revalidated')
            and cdn_requests.age_seconds <= cdn_requests.ttl_seconds + stale_windows.window_seconds
        ) as answered_at_once,
        count(*) filter (
            cdn_requests.cache_status = 'expired'
            and cdn_requests.age_seconds <= cdn_requests.ttl_seconds + stale_windows.window_seconds
        ) as of_these_outdated,
        coalesce(sum(cdn_requests.time_to_first_byte_ms - edge_latencies.immediate_ms) filter (
            cdn_requests.cache_status in ('expired', 'revalidated')
            and cdn_requests.age_seconds <= cdn_requests.ttl_seconds + stale_windows.window_seconds
        ), 0) / count(*) as saved_time_to_first_byte_ms
    from cdn_requests
    cross join stale_windows
    left join edge_latencies
        on cdn_requests.edge = edge_latencies.edge
    group by stale_windows.window_seconds
)

select * from final
order by window_seconds
