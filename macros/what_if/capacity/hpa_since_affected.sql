{% macro hpa_since_affected(upstream) -%}
    {%- if not is_refresh() or is_rebuild() -%}
    true
    {%- else -%}
    {#- A literal, because only that prunes files before any is opened. -#}
    {%- set found = run_query(
        "select cast(date_trunc('week', min(dt)) as date) from " ~ upstream ~ " where " ~ new_batches(upstream)
    ).columns[0].values()[0] -%}
    {%- if found is none -%}false{%- else -%}dt >= '{{ found }}'{%- endif -%}
    {%- endif -%}
{%- endmacro %}
