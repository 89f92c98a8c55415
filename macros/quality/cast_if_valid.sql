{% macro cast_if_valid(column, type) -%}
    case when len(_rejection_reasons) = 0 then try_cast(try_cast({{ column }} as double) as {{ type }}) end
{%- endmacro %}
