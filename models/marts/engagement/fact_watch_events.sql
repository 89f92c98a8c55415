with staged as (
    select * from {{ judged_rows(ref('stg_watch_events')) }}
    where
        not _is_rejected
        and {{ new_batches(ref('stg_watch_events')) }}
),

first_deliveries as (
    select * from staged
    where {{ is_first_delivery('staged', 'event_id', ref('stg_watch_events')) }}
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
        watch_seconds,

        ---------- timestamps
        event_ts,
        dt,

        ---------- metadata
        batch_id
    from first_deliveries
    where {{ not_yet_loaded('first_deliveries', 'event_id', ref('stg_watch_events')) }}
)

select * from final
