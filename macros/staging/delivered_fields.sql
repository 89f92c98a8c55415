{% macro delivered_fields(columns) -%}
    {% for column in columns -%}
    {{ given_text(column) }} as {{ column }},
    {% endfor -%}
    {{ raw_text(columns) }} as _raw,
    _malformed,
    _batch_id as batch,
    _file,
    _row,
    _delivered_at
{%- endmacro %}
