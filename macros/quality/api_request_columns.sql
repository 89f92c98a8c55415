{% macro api_request_columns() %}
    {%- do return([
        'request_ts', 'service_name', 'endpoint', 'status_code', 'request_id', 'method', 'response_time_ms',
        'response_bytes', 'client_key', 'client_region', 'serving_region', 'upstream_servers',
        'upstream_statuses', 'rate_limit_status', 'line'
    ]) -%}
{% endmacro %}
