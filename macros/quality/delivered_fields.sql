{% macro delivered_fields(columns) -%}
    {% for column in columns -%}
    {{ blank_to_null(column) }} as {{ column }},
    {% endfor -%}
    {{ raw_text(columns) }} as _raw,
    _malformed,
    batch_id,
    _file,
    _row,
    _delivered_at
{%- endmacro %}
