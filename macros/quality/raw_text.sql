{% macro raw_text(columns) -%}
    {#- The row as delivered: its line if the line could not be parsed, else its fields as JSON. -#}
    coalesce(
        _raw,
        cast(json_object({% for column in columns %}'{{ column }}', {{ column }}{{ ', ' if not loop.last }}{% endfor %}) as varchar)
    )
{%- endmacro %}
