with landed as (
    select
        {{ delivered_fields([
            'event_id', 'request_id', 'instance_id', 'cache_key', 'cache_level', 'cache_name', 'operation', 'region',
            'hit', 'ttl_seconds', 'size_bytes', 'latency_ms', 'request_ts'
        ]) }}
    from {{ landed_rows(ref('land_cache_requests')) }}
),

typed as (
    select
        ---------- ids
        -- A row without an id is identified by its file and row.
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
        {{ parsed_boolean('hit') }} as hit,
        {{ parsed_number('ttl_seconds') }} as ttl_seconds,
        {{ parsed_number('size_bytes') }} as size_bytes,
        {{ parsed_number('latency_ms') }} as latency_ms,

        ---------- timestamps
        {{ utc_timestamp('request_ts') }} as request_ts,

        ---------- metadata
        hit is not null and {{ parsed_boolean('hit') }} is null as hit_unreadable,
        {{ is_unreadable('ttl_seconds') }} as ttl_seconds_unreadable,
        {{ is_unreadable('size_bytes') }} as size_bytes_unreadable,
        {{ is_unreadable('latency_ms') }} as latency_ms_unreadable,
        batch_id,
        _file,
        _row,
        _delivered_at,
        _malformed,
        _delivered
    from landed
),

validated as (
    select
        *,
        case
            when _malformed is not null then string_split(_malformed, ', ')
            else {{ rejection_reasons({
                'event_id_malformed': is_malformed_id('event_id'),
                'request_id_malformed': 'request_id is not null and ' ~ is_malformed_id('request_id'),
                'instance_id_malformed': 'instance_id is not null and ' ~ is_malformed_id('instance_id'),
                'cache_level_unknown': is_unknown_member('cache_level', ref('cache_levels')),
                'cache_name_malformed': is_malformed_id('cache_name'),
                'cache_key_missing': 'cache_key is null',
                'cache_key_too_long': 'len(cache_key) > ' ~ var('longest_cache_key_characters'),
                'operation_unknown': "coalesce(operation, '') not in ('get', 'set', 'delete')",
                'region_unknown': is_unknown_member('region', ref('regions')),
                'hit_not_a_boolean': 'hit_unreadable',
                'ttl_seconds_not_a_number': 'ttl_seconds_unreadable',
                'ttl_seconds_not_positive': 'ttl_seconds <= 0',
                'ttl_seconds_impossible': 'ttl_seconds > ' ~ var('longest_time_to_live_seconds'),
                'size_bytes_not_a_number': 'size_bytes_unreadable',
                'size_bytes_negative': 'size_bytes < 0',
                'size_bytes_not_whole': 'size_bytes <> trunc(size_bytes)',
                'size_bytes_impossible': 'size_bytes > ' ~ var('largest_cache_entry_bytes'),
                'latency_ms_not_a_number': 'latency_ms_unreadable',
                'latency_ms_negative': 'latency_ms < 0',
                'latency_ms_impossible': 'latency_ms > ' ~ var('longest_cache_latency_ms'),
                'request_ts_unparseable': 'request_ts is null',
                'request_ts_implausible': is_implausible_timestamp('request_ts'),
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
        {{ cast_if_valid('size_bytes', 'bigint') }} as size_bytes,
        -- A decimal, so that a sum does not depend on the order of its rows.
        {{ cast_if_valid('latency_ms', 'decimal(12, 3)') }} as latency_ms,

        ---------- timestamps
        request_ts,
        cast(request_ts as date) as dt,

        ---------- metadata
        batch_id,
        _file,
        _row,
        case when len(_rejection_reasons) > 0 then {{ raw_text() }} end as _raw,
        _rejection_reasons,
        len(_rejection_reasons) > 0 as _is_rejected
    from validated
)

select * from final
