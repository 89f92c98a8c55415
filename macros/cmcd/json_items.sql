{% macro json_items(value) -%}
    {#- The items of a list without their parameters. -#}
    list_transform(cast({{ value }} as json[]), lambda item: {{ without_parameters('item') }})
{%- endmacro %}
