{% macro partition_literals(found) -%}
    {%- for row in found -%}
        '{{ row[0] }}'{{ ', ' if not loop.last }}
    {%- else -%}
        null
    {%- endfor -%}
{%- endmacro %}
