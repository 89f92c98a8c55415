{% macro is_out_of_range(column, lowest, highest) -%}
    {{ column }} is not null
    and not coalesce(try_cast({{ column }} as double) between {{ lowest }} and {{ highest }}, false)
{%- endmacro %}
