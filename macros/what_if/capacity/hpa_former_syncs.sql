{% macro hpa_former_syncs(upstream) -%}
    {#- Two days back: whether a day continued another shows by the day before it. -#}
    {%- set columns = {
        'service_name': 'varchar', 'dt': 'date', 'sync_ts': 'timestamp', 'replicas': 'integer',
        'cpu_replicas': 'integer', 'memory_replicas': 'integer',
        'stabilized_replicas': 'integer', 'desired_replicas': 'integer',
    } -%}
    {%- if not is_refresh() or is_rebuild() -%}
    select {% for name, type in columns.items() %}cast(null as {{ type }}) as {{ name }}{{ ', ' if not loop.last }}{% endfor %}
    where false
    {%- else -%}
    select {{ columns | join(', ') }} from {{ this }}
    where {{ hpa_since_affected(upstream, days_before=2) }}
    {%- endif -%}
{%- endmacro %}
