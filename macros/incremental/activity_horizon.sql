{% macro activity_horizon(relation) -%}
    cast({{ as_of(relation, 'event_ts') }} as date) - {{ var('activity_horizon_days') }}
{%- endmacro %}
