{% macro without_parameters(item) -%}
    case when json_type({{ item }}) = 'OBJECT' then {{ item }} -> '$.value' else {{ item }} end
{%- endmacro %}
