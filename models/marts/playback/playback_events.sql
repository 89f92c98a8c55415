with staged as (
    select * from {{ ref('stg_playback_events') }}
    where
        not _is_rejected
        and {{ new_batches(ref('stg_playback_events')) }}
),

first_deliveries as (
    select * from staged
    where {{ is_first_delivery('staged', 'event_id', ref('stg_playback_events')) }}
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
        is_fatal,
        error_code,
        event_data,

        ---------- measures
        sequence_number,
        bitrate_kbps,
        measured_throughput_kbps,
        buffer_length_ms,

        ---------- timestamps
        event_ts,
        session_started_at,
        session_date,
        dt,

        ---------- metadata
        batch_id
    from first_deliveries
    where {{ not_yet_loaded(
        'first_deliveries', 'event_id', ref('stg_playback_events')
    ) }}
)

select * from final
