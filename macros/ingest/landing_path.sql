{% macro landing_path() -%}
    {{ dbt.string_literal(dbt.escape_single_quotes(var('landing_path'))) }}
{%- endmacro %}
