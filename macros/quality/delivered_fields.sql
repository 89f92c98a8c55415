{% macro delivered_fields(columns) -%}
    {% for column in columns -%}
    {{ blank_to_null(column) }} as {{ column }},
    {% endfor -%}
    {
        'line': _raw,
        'fields': { {%- for column in columns %}'{{ column }}': {{ column }}{{ ', ' if not loop.last }}{% endfor -%} }
    } as _delivered,
    _malformed,
    batch_id,
    _file,
    _row,
    _delivered_at
{%- endmacro %}
