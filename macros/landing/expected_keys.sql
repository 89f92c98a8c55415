{% macro expected_keys(group, columns) -%}
    {%- if group.columns | reject('in', columns) | list -%}
    null
    {%- else -%}
    {{ group.columns | tojson | replace('"', "'") }}
    {%- endif -%}
{%- endmacro %}
