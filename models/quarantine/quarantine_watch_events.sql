-- Every landed event that the fact did not keep: rejected, conflicting and duplicate rows.
{{ quarantine_rows(
    staged=ref('stg_watch_events'),
    kept=ref('fact_watch_events'),
    id='event_id',
    payload=['profile_id', 'session_id', 'title_id', 'region', 'device_type', 'event_ts', 'watch_seconds'],
) }}
