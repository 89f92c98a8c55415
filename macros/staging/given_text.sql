{% macro given_text(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}
