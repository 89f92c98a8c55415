with landed as (
    select
        {{ delivered_fields([
            'trace_id', 'sample_number', 'duration_ms', 'bandwidth_kbps', 'latency_ms', 'network_type',
            'trace_started_at'
        ]) }}
    from {{ landed_rows(ref('land_throughput_samples')) }}
),

typed as (
    select
        *,
        {{ utc_timestamp('trace_started_at') }} as trace_start_time
    from landed
),

validated as (
    select
        *,
        case
            when _malformed is not null then string_split(_malformed, ', ')
            else {{ rejection_reasons({
                'trace_id_malformed': is_malformed_id('trace_id'),
                'network_type_malformed': 'network_type is not null and ' ~ is_malformed_id('network_type'),
                'sample_number_missing': 'sample_number is null',
                'sample_number_impossible': is_out_of_range('sample_number', 1, 2147483647),
                'sample_number_not_whole': is_not_whole('sample_number'),
                'duration_ms_missing': 'duration_ms is null',
                'duration_ms_impossible': is_out_of_range('duration_ms', 1, 86400000),
                'bandwidth_kbps_missing': 'bandwidth_kbps is null',
                'bandwidth_kbps_impossible': is_out_of_range('bandwidth_kbps', 0, var('highest_kbps')),
                'latency_ms_missing': 'latency_ms is null',
                'latency_ms_impossible': is_out_of_range('latency_ms', 0, 86400000),
                'trace_started_at_unparseable': 'trace_start_time is null',
                'trace_started_at_implausible': '(' ~ is_implausible_timestamp('trace_start_time') ~ ')',
            }) }}
        end as _rejection_reasons
    from typed
),

final as (
    select
        ---------- ids
        -- "1" and "1.0" are one number.
        trace_id || ':' || coalesce(
            cast({{ cast_if_valid('sample_number', 'integer') }} as varchar), sample_number
        ) as sample_id,
        trace_id,

        ---------- dimensions
        network_type,

        ---------- measures
        {{ cast_if_valid('sample_number', 'integer') }} as sample_number,
        {{ cast_if_valid('duration_ms', 'integer') }} as duration_ms,
        {{ cast_if_valid('bandwidth_kbps', 'integer') }} as bandwidth_kbps,
        {{ cast_if_valid('latency_ms', 'integer') }} as latency_ms,

        ---------- timestamps
        trace_start_time as trace_started_at,
        cast(trace_start_time as date) as trace_date,

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
