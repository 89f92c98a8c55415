-- Every landed sample that the fact did not keep: rejected, conflicting and duplicate rows.
{{ quarantine_rows(
    staged=ref('stg_throughput_samples'),
    kept=ref('throughput_samples'),
    id='sample_id',
    payload=['trace_id', 'network_type', 'sample_number', 'duration_ms', 'bandwidth_kbps', 'latency_ms', 'trace_started_at'],
    partition='trace_date',
) }}
