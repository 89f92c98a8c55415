-- Every landed request that the fact did not keep, and why: what was rejected, what contradicts a
-- request that is already known, and what is the same request again.
{{ quarantine_rows(
    staged=ref('stg_api_requests'),
    kept=ref('api_request_logs'),
    id='request_id',
    payload=['service_name', 'endpoint', 'method', 'status_code', 'response_time_ms', 'response_bytes', 'client_key', 'timestamp'],
) }}
