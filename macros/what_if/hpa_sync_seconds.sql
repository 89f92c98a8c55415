{% macro hpa_sync_seconds(sync_number, day) -%}
    (cast(epoch({{ day }}) as bigint) + 60 + ({{ sync_number }} - 1) * {{ var('hpa_sync_period_seconds') }})
{%- endmacro %}
