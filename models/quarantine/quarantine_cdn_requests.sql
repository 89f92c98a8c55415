-- Every landed request that the fact did not keep: rejected, conflicting and duplicate rows.
{{ quarantine_rows(
    staged=ref('stg_cdn_requests'),
    kept=ref('cdn_requests'),
    id='request_id',
    payload=[
        'title_id', 'edge', 'region', 'object', 'content_class', 'cache_status', 'response_bytes', 'ttl_seconds',
        'age_seconds', 'time_to_first_byte_ms', 'request_ts',
    ],
) }}
