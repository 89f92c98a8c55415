with landed as (
    select
        {{ delivered_fields([
            'request_id', 'edge', 'region', 'title_id', 'object', 'content_class', 'cache_status',
            'response_bytes', 'time_to_first_byte_ms', 'ttl_seconds', 'age_seconds', 'cmcd', 'request_ts'
        ]) }}
    from {{ landed_rows(ref('land_cdn_requests')) }}
),

timed as (
    select
        * replace (coalesce(title_id, 'none') as title_id),
        {{ utc_timestamp('request_ts') }} as request_time
    from landed
),

validated as (
    select
        *,
        case
            when _malformed is not null then string_split(_malformed, ', ')
            else {{ rejection_reasons({
                'request_id_malformed': is_malformed_id('request_id'),
                'edge_malformed': is_malformed_id('edge'),
                'title_id_malformed': is_malformed_id('title_id'),
                'region_unknown': is_unknown_member('region', ref('regions')),
                'object_missing': 'object is null',
                'content_class_unknown': "coalesce(content_class not in ('static', 'dynamic'), true)",
                'cache_status_unknown': is_unknown_member('cache_status', ref('cdn_cache_statuses')),
                'request_ts_unparseable': 'request_time is null',
                'request_ts_implausible': '(' ~ is_implausible_timestamp('request_time') ~ ')',
                'response_bytes_missing': 'response_bytes is null',
                'response_bytes_impossible': is_out_of_range('response_bytes', 0, var('largest_response_bytes')),
                'time_to_first_byte_ms_missing': 'time_to_first_byte_ms is null',
                'time_to_first_byte_ms_impossible': is_out_of_range('time_to_first_byte_ms', 0, 86400000),
                'ttl_seconds_impossible':
                    is_out_of_range('ttl_seconds', 0, var('longest_time_to_live_seconds')),
                'age_seconds_impossible':
                    is_out_of_range('age_seconds', 0, var('longest_time_to_live_seconds')),
            }) }}
        end as _rejection_reasons
    from timed
),

final as (
    select
        ---------- ids
        request_id,
        title_id,

        ---------- dimensions
        edge,
        region,
        object,
        content_class,
        cache_status,
        cmcd,

        ---------- measures
        {{ cast_if_valid('response_bytes', 'bigint') }} as response_bytes,
        {{ cast_if_valid('ttl_seconds', 'bigint') }} as ttl_seconds,
        {{ cast_if_valid('age_seconds', 'bigint') }} as age_seconds,
        {{ cast_if_valid('time_to_first_byte_ms', 'decimal(12, 3)') }} as time_to_first_byte_ms,

        ---------- timestamps
        request_time as request_ts,
        cast(request_time as date) as dt,

        ---------- metadata
        batch_id,
        _file,
        _row,
        _raw,
        _rejection_reasons,
        len(_rejection_reasons) > 0 as _is_rejected
    from validated
)

select * from final
