-- Every landed sample that the fact did not keep: rejected, conflicting and duplicate rows.
{{ quarantine_rows(
    staged=ref('stg_resource_metrics'),
    kept=ref('resource_metrics'),
    id='sample_id',
    payload=['cpu_percent', 'memory_percent', 'disk_percent', 'network_bytes', 'is_ready'],
) }}
