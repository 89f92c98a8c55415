-- Every landed sample that the fact did not keep, and why: what was rejected, what contradicts a
-- sample that is already known for the minute, and what is the same sample again.
{{ quarantine_rows(
    staged=ref('stg_resource_metrics'),
    kept=ref('resource_metrics'),
    id='sample_id',
    payload=['cpu_percent', 'memory_percent', 'disk_percent', 'network_bytes', 'is_ready'],
) }}
