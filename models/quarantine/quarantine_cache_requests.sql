-- Every landed request that the fact did not keep: rejected, conflicting and duplicate rows.
{{ quarantine_rows(
    staged=ref('stg_cache_requests'),
    kept=ref('cache_requests'),
    id='event_id',
    payload=[
        'request_id', 'instance_id', 'cache_key', 'cache_level', 'cache_name', 'operation', 'region', 'hit',
        'ttl_seconds', 'size_bytes', 'latency_ms', 'request_ts',
    ],
) }}
