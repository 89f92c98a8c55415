{% macro quoted_name(column) -%}
    "{{ column | replace('"', '""') }}"
{%- endmacro %}
