{% macro parsed_boolean(column) -%}
    {#- A column of 0 and 1 with nulls is often written as doubles: 1.0. -#}
    coalesce(
        try_cast({{ column }} as boolean),
        case try_cast({{ column }} as double) when 1 then true when 0 then false end
    )
{%- endmacro %}
