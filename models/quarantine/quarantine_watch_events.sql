-- Every landed row that the fact did not keep, and why: what was rejected, what contradicts an
-- event that is already known, and what is the same event again.
{{ quarantine_rows(
    staged=ref('stg_watch_events'),
    kept=ref('fact_watch_events'),
    id='event_id',
    payload=['profile_id', 'session_id', 'title_id', 'region', 'device_type', 'event_ts', 'watch_seconds'],
) }}
