-- Which objects could live longer at the edge? For today's TTL and 2 to 24 times of it: the share of
-- requests that would have found a fresh copy, and of these how many would have got old content,
-- because the origin had another by then. Copies are followed from fill to fill, so a renewal that a
-- longer TTL saves begins no new life; one that was lost (a miss) is lost under every TTL.
with recursive cdn_requests as (
    select
        *,
        -- The name without title and numbers is what objects of a kind share.
        regexp_replace(regexp_replace(object, '^/[^/]+', ''), '[0-9]+', 'n', 'g') as object_kind
    from {{ ref('cdn_requests') }}
    where
        content_class = 'static'
        and ttl_seconds > 0
        and dt between date '{{ var("from_date", "2025-01-01") }}'
        and date '{{ var("to_date", "2025-01-14") }}'
),

versions as (
    select
        *,
        -- So often has the content changed at the origin, as far as the edge found out.
        count(*) filter (cache_status = 'expired') over (
            partition by edge, object
            order by request_ts, request_id
            rows between unbounded preceding and current row
        ) as content_version
    from cdn_requests
),

factors as (
    select unnest([1, 2, 4, 8, 24]) as factor
),

objects as (
    select
        edge,
        object,
        max(ttl_seconds) as ttl_seconds,
        list(request_ts order by request_ts) as requested_at,
        list(request_ts order by request_ts) filter (cache_status = 'miss') as missed_at
    from cdn_requests
    group by edge, object
),

fills as (
    select
        factors.factor,
        objects.edge,
        objects.object,
        objects.requested_at[1] as filled_at
    from objects
    cross join factors

    union all

    select
        fills.factor,
        fills.edge,
        fills.object,
        least(
            list_filter(
                objects.requested_at,
                lambda requested: requested
                > fills.filled_at + to_seconds(objects.ttl_seconds * fills.factor)
            )[1],
            list_filter(objects.missed_at, lambda missed: missed > fills.filled_at)[1]
        ) as next_filled_at
    from fills
    inner join objects
        on
            fills.edge = objects.edge
            and fills.object = objects.object
    where next_filled_at is not null
),

filled as (
    select
        fills.*,
        versions.content_version as copy_version
    from fills
    asof inner join versions
        on
            fills.edge = versions.edge
            and fills.object = versions.object
            and fills.filled_at >= versions.request_ts
),

answered as (
    select
        filled.factor,
        versions.object_kind,
        versions.ttl_seconds,
        versions.request_ts > filled.filled_at as is_hit,
        versions.content_version > filled.copy_version as is_outdated
    from (select * from versions cross join factors) as versions
    asof inner join filled
        on
            versions.factor = filled.factor
            and versions.edge = filled.edge
            and versions.object = filled.object
            and versions.request_ts >= filled.filled_at
),

final as (
    select
        object_kind,
        factor,
        max(ttl_seconds) * factor as ttl_seconds,
        count(*) as requests,
        count(*) filter (is_hit) as hits,
        count(*) filter (is_hit) / count(*) as hit_ratio,
        count(*) filter (is_hit and is_outdated) as outdated_answers,
        count(*) filter (is_hit and is_outdated) / count(*) as outdated_ratio
    from answered
    group by object_kind, factor
)

select * from final
order by object_kind, factor
