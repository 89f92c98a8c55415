-- Which keys get most lookups of their pattern, and which share?
with lookups as (
    select * from {{ ref('cache_requests') }}
    where
        operation = 'get'
        and cache_level = '{{ var("cache_level", "application") }}'
        and dt between date '{{ var("from_date", "2025-01-14") }}'
        and date '{{ var("to_date", "2025-01-14") }}'
),

keys as (
    select
        cache_name,
        key_pattern,
        cache_key,
        count(*) as lookups,
        count(*) filter (where hit) as hits,
        max(request_ts) as last_asked_for
    from lookups
    group by all
),

final as (
    select
        *,
        lookups / sum(lookups) over (partition by cache_name, key_pattern) as share_of_pattern
    from keys
    qualify row_number() over (
        partition by cache_name, key_pattern
        order by lookups desc, cache_key asc
    ) <= 10
)

select * from final
order by cache_name asc, key_pattern asc, lookups desc, cache_key asc
