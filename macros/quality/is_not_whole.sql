{% macro is_not_whole(column) -%}
    coalesce({{ parsed_number(column) }} <> trunc(try_cast({{ column }} as double)), false)
{%- endmacro %}
