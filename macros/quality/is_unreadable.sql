{% macro is_unreadable(measure) -%}
    {{ measure }} is not null and not coalesce(isfinite(try_cast({{ measure }} as double)), false)
{%- endmacro %}
