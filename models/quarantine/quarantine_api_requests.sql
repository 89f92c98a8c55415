-- Every landed request that the fact did not keep: rejected, conflicting and duplicate rows.
{{ quarantine_rows(
    staged=ref('stg_api_requests'),
    kept=ref('api_request_logs'),
    id='request_id',
    payload=['service_name', 'endpoint', 'method', 'status_code', 'response_time_ms', 'response_bytes', 'client_key', 'timestamp'],
) }}
