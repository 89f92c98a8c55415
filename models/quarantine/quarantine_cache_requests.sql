-- Every landed row that the fact did not keep, and why: what was rejected, what contradicts a
-- request that is already known, and what is the same request again.
{{ quarantine_rows(
    staged=ref('stg_cache_requests'),
    kept=ref('cache_requests'),
    id='event_id',
    payload=[
        'request_id', 'instance_id', 'cache_key', 'cache_level', 'cache_name', 'operation', 'region', 'hit',
        'ttl_seconds', 'size_bytes', 'latency_ms', 'request_ts',
    ],
) }}
