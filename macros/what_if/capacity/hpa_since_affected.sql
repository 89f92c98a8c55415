{% macro hpa_since_affected(upstream, days_before=0) -%}
    {%- if not is_refresh() or is_rebuild() -%}
    true
    {%- else -%}
    {#- A literal, because only that prunes files before any is opened. -#}
    {%- set found = run_query(
        "select min(dt) - " ~ days_before ~ " from " ~ upstream ~ " where " ~ new_batches(upstream)
    ).columns[0].values()[0] -%}
    {%- if found is none -%}false{%- else -%}dt >= '{{ found }}'{%- endif -%}
    {%- endif -%}
{%- endmacro %}
