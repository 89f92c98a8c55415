with landed as (
    select * from {{ ref('land_cache_requests') }}
),

typed as (
    select
        ---------- ids
        -- Without an identifier of its own a row is known by its place.
        coalesce(event_id, md5(_file || ':' || _row)) as event_id,
        request_id,
        instance_id,
        cache_key,

        ---------- dimensions
        cache_level,
        cache_name,
        operation,
        region,

        ---------- measures
        hit as delivered_hit,
        ttl_seconds as delivered_ttl_seconds,
        size_bytes as delivered_size_bytes,
        latency_ms as delivered_latency_ms,
        try_cast(hit as boolean) as hit,
        try_cast(ttl_seconds as double) as ttl_seconds,
        try_cast(size_bytes as double) as size_bytes,
        try_cast(latency_ms as double) as latency_ms,

        ---------- timestamps
        {{ utc_timestamp('request_ts') }} as request_ts,

        ---------- metadata
        _batch_id as batch,
        _file,
        _row,
        _delivered_at,
        _malformed,
        {{ raw_text([
            'event_id', 'request_id', 'instance_id', 'cache_key', 'cache_level', 'cache_name', 'operation', 'region',
            'hit', 'ttl_seconds', 'size_bytes', 'latency_ms', 'request_ts'
        ]) }} as _raw
    from landed
),

validated as (
    select
        *,
        case
            when _malformed is not null then [_malformed]
            else {{ rejection_reasons({
                'event_id_malformed': is_malformed_id('event_id'),
                'request_id_malformed': 'request_id is not null and ' ~ is_malformed_id('request_id'),
                'instance_id_malformed': 'instance_id is not null and ' ~ is_malformed_id('instance_id'),
                'cache_level_unknown': is_unknown_member('cache_level', ref('cache_levels')),
                'cache_name_malformed': is_malformed_id('cache_name'),
                'cache_key_missing': "coalesce(cache_key, '') = ''",
                'cache_key_too_long': 'len(cache_key) > ' ~ var('longest_cache_key_characters'),
                'operation_unknown': "coalesce(operation, '') not in ('get', 'set', 'delete')",
                'region_unknown': is_unknown_member('region', ref('regions')),
                'hit_not_a_boolean': 'delivered_hit is not null and hit is null',
                'ttl_seconds_not_a_number':
                    'delivered_ttl_seconds is not null and not coalesce(isfinite(ttl_seconds), false)',
                'ttl_seconds_not_positive': 'ttl_seconds <= 0',
                'size_bytes_not_a_number':
                    'delivered_size_bytes is not null and not coalesce(isfinite(size_bytes), false)',
                'size_bytes_negative': 'size_bytes < 0 and isfinite(size_bytes)',
                'size_bytes_not_whole': 'isfinite(size_bytes) and size_bytes <> trunc(size_bytes)',
                'size_bytes_impossible': 'isfinite(size_bytes) and size_bytes > ' ~ var('largest_cache_entry_bytes'),
                'latency_ms_not_a_number':
                    'delivered_latency_ms is not null and not coalesce(isfinite(latency_ms), false)',
                'latency_ms_negative': 'latency_ms < 0 and isfinite(latency_ms)',
                'latency_ms_impossible': 'isfinite(latency_ms) and latency_ms > ' ~ var('longest_cache_latency_ms'),
                'request_ts_unparseable': 'request_ts is null',
                'request_ts_absurd': is_absurd_timestamp('request_ts'),
            }) }}
        end as _rejection_reasons
    from typed
),

final as (
    select
        ---------- ids
        event_id,
        request_id,
        instance_id,
        cache_key,

        ---------- dimensions
        cache_level,
        cache_name,
        operation,
        region,

        ---------- measures
        hit,
        ttl_seconds,
        case
            when len(_rejection_reasons) = 0 then cast(size_bytes as bigint)
        end as size_bytes,
        -- A decimal, so that a sum does not depend on the order of its rows.
        case
            when len(_rejection_reasons) = 0 then cast(latency_ms as decimal(12, 3))
        end as latency_ms,

        ---------- timestamps
        request_ts,
        cast(request_ts as date) as dt,

        ---------- metadata
        batch,
        _file,
        _row,
        _raw,
        _rejection_reasons,
        len(_rejection_reasons) > 0 as _is_rejected
    from validated
)

select * from final
