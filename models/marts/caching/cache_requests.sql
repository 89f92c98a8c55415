with staged as (
    select * from {{ ref('stg_cache_requests') }}
    where
        not _is_rejected
        and {{ new_batches(ref('stg_cache_requests')) }}
),

key_patterns as (
    select
        *,
        split_part(key_pattern, '{', 1) as key_prefix,
        regexp_extract_all(key_pattern, '[{]([^}]+)[}]', 1) as parameter_names
    from {{ ref('cache_key_patterns') }}
),

first_deliveries as (
    select * from staged
    where {{ is_first_delivery('staged', 'event_id', ref('stg_cache_requests')) }}
),

new_requests as (
    select * from first_deliveries
    where {{ not_yet_loaded('first_deliveries', 'event_id', ref('stg_cache_requests')) }}
),

-- Each key is split once, however often it is requested.
cache_keys as (
    select distinct cache_key from new_requests
),

split_keys as (
    select
        cache_keys.cache_key,
        key_patterns.key_pattern,
        map(
            key_patterns.parameter_names,
            {{ regex_groups(
                'cache_keys.cache_key', 'key_patterns.key_regex', 'len(key_patterns.parameter_names)'
            ) }}
        ) as key_parameters
    from cache_keys
    inner join key_patterns
        on
            starts_with(cache_keys.cache_key, key_patterns.key_prefix)
            and regexp_full_match(cache_keys.cache_key, key_patterns.key_regex)
    qualify row_number() over (
        partition by cache_keys.cache_key
        order by key_patterns.rule_order
    ) = 1
),

final as (
    select
        ---------- ids
        new_requests.event_id,
        new_requests.request_id,
        new_requests.instance_id,
        new_requests.cache_key,

        ---------- dimensions
        new_requests.cache_level,
        new_requests.cache_name,
        new_requests.region,
        new_requests.operation,
        coalesce(split_keys.key_pattern, 'other') as key_pattern,
        coalesce(split_keys.key_parameters, map()) as key_parameters,

        ---------- measures
        new_requests.hit,
        new_requests.ttl_seconds,
        new_requests.size_bytes,
        new_requests.latency_ms,

        ---------- timestamps
        new_requests.request_ts,
        new_requests.dt,

        ---------- metadata
        new_requests.batch_id
    from new_requests
    left join split_keys
        on new_requests.cache_key = split_keys.cache_key
)

select * from final
