with landed as (
    select
        {{ delivered_fields([
            'event_id', 'profile_id', 'session_id', 'title_id', 'region', 'device_type', 'event_ts', 'watch_seconds'
        ]) }}
    from {{ landed_rows(ref('land_watch_events')) }}
),

typed as (
    select
        ---------- ids
        event_id,
        profile_id,
        session_id,
        title_id,

        ---------- dimensions
        region,
        device_type,

        ---------- measures
        try_cast(watch_seconds as double) as watch_seconds,

        ---------- timestamps
        {{ utc_timestamp('event_ts') }} as event_ts,

        ---------- metadata
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
                'profile_id_malformed': is_malformed_id('profile_id'),
                'session_id_malformed': is_malformed_id('session_id'),
                'title_id_malformed': is_malformed_id('title_id'),
                'region_unknown': is_unknown_member('region', ref('regions')),
                'device_type_unknown': is_unknown_member('device_type', ref('device_types')),
                'event_ts_unparseable': 'event_ts is null',
                'event_ts_implausible': is_implausible_timestamp('event_ts'),
                'watch_seconds_not_a_number': 'watch_seconds is null or not isfinite(watch_seconds)',
                'watch_seconds_not_whole': 'isfinite(watch_seconds) and watch_seconds <> trunc(watch_seconds)',
                'watch_seconds_negative': 'watch_seconds < 0 and isfinite(watch_seconds)',
                'watch_seconds_impossible':
                    'isfinite(watch_seconds) and watch_seconds > ' ~ var('longest_watch_seconds'),
            }) }}
        end as _rejection_reasons
    from typed
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

        ---------- measures
        {{ cast_if_valid('watch_seconds', 'integer') }} as watch_seconds,

        ---------- timestamps
        event_ts,
        cast(event_ts as date) as dt,

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
