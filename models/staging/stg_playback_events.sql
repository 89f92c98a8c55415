with landed as (
    select
        {{ delivered_fields([
            'event_id', 'profile_id', 'session_id', 'title_id', 'region', 'device_type', 'event_type',
            'event_ts', 'session_started_at', 'sequence_number', 'cdn_endpoint', 'bitrate_kbps',
            'measured_throughput_kbps', 'buffer_length_ms', 'is_fatal', 'error_code'
        ]) }},
        {{ event_data('_unknown_columns') }} as event_data
    from {{ landed_rows(ref('land_playback_events')) }}
),

timed as (
    select
        *,
        {{ utc_timestamp('event_ts') }} as event_time,
        {{ utc_timestamp('session_started_at') }} as session_start_time
    from landed
),

validated as (
    select
        *,
        case
            when _malformed is not null then string_split(_malformed, ', ')
            else {{ rejection_reasons({
                'event_id_malformed': is_malformed_id('event_id'),
                'profile_id_malformed': is_malformed_id('profile_id'),
                'session_id_malformed': is_malformed_id('session_id'),
                'title_id_malformed': is_malformed_id('title_id'),
                'region_unknown': is_unknown_member('region', ref('regions')),
                'device_type_unknown': is_unknown_member('device_type', ref('device_types')),
                'event_type_unknown': is_unknown_member('event_type', ref('playback_event_types')),
                'event_ts_unparseable': 'event_time is null',
                'event_ts_implausible': '(' ~ is_implausible_timestamp('event_time') ~ ')',
                'session_started_at_unparseable': 'session_start_time is null',
                'event_ts_before_its_session': 'event_time < session_start_time',
                'event_ts_after_its_session':
                    'event_time > session_start_time + interval (' ~ var('longest_session_hours') ~ ') hour',
                'sequence_number_impossible': is_out_of_range('sequence_number', 0, 2147483647),
                'sequence_number_not_whole': is_not_whole('sequence_number'),
                'bitrate_kbps_impossible': is_out_of_range('bitrate_kbps', 1, var('highest_kbps')),
                'measured_throughput_kbps_impossible':
                    is_out_of_range('measured_throughput_kbps', 0, var('highest_kbps')),
                'buffer_length_ms_impossible':
                    is_out_of_range('buffer_length_ms', 0, var('longest_session_hours') * 3600000),
                'is_fatal_not_a_boolean': 'is_fatal is not null and ' ~ parsed_boolean('is_fatal') ~ ' is null',
            }) }}
        end as _rejection_reasons
    from timed
),

final as (
    select
        ---------- ids
        event_id,
        profile_id,
        session_id,
        title_id,

        ---------- dimensions
        region,
        device_type,
        cdn_endpoint,
        event_type,
        coalesce({{ parsed_boolean('is_fatal') }}, false) as is_fatal,
        error_code,
        event_data,

        ---------- measures
        {{ cast_if_valid('sequence_number', 'integer') }} as sequence_number,
        {{ cast_if_valid('bitrate_kbps', 'integer') }} as bitrate_kbps,
        {{ cast_if_valid('measured_throughput_kbps', 'integer') }} as measured_throughput_kbps,
        {{ cast_if_valid('buffer_length_ms', 'integer') }} as buffer_length_ms,

        ---------- timestamps
        event_time as event_ts,
        session_start_time as session_started_at,
        cast(session_start_time as date) as session_date,
        cast(event_time as date) as dt,

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
