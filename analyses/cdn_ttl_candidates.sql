-- Which objects could have a longer TTL at the edge? For today's TTL and 2 to 24 times that: the
-- share of requests that would have found a fresh copy, and how many of these copies would have
-- been outdated, because the content had changed at the origin. Copies are followed from fill to
-- fill: a revalidation that a longer TTL avoids starts no new lifetime, and a lost copy (a miss) is
-- lost under every TTL.
with recursive cdn_requests as (
    select
        *,
        -- Objects of one kind share the name without title and numbers.
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
        -- How often the content changed at the origin, as far as the edge knows.
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

candidate_lives as (
    select
        objects.*,
        factors.factor,
        to_seconds(objects.ttl_seconds * factors.factor) as lifetime
    from objects
    cross join factors
),

fills as (
    select
        *,
        requested_at[1] as filled_at
    from candidate_lives

    union all

    select
        * replace (
            least(
                list_filter(requested_at, lambda moment: moment > filled_at + lifetime)[1],
                list_filter(missed_at, lambda moment: moment > filled_at)[1]
            ) as filled_at
        )
    from fills
    where
        filled_at + lifetime < requested_at[-1]
        or filled_at < missed_at[-1]
),

filled as (
    select
        fills.factor,
        fills.edge,
        fills.object,
        fills.filled_at,
        versions.content_version as copy_version
    from fills
    asof inner join versions
        on
            fills.edge = versions.edge
            and fills.object = versions.object
            and fills.filled_at >= versions.request_ts
),

asked as (
    select
        versions.*,
        factors.factor
    from versions
    cross join factors
),

answered as (
    select
        asked.factor,
        asked.object_kind,
        asked.ttl_seconds,
        asked.request_ts > filled.filled_at as is_hit,
        asked.content_version > filled.copy_version as is_outdated
    from asked
    asof inner join filled
        on
            asked.factor = filled.factor
            and asked.edge = filled.edge
            and asked.object = filled.object
            and asked.request_ts >= filled.filled_at
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
