{% macro index_definition(index) -%}
    {%- do return("reelhouse: " ~ ("unique " if index.unique else "") ~ index.columns) -%}
{%- endmacro %}
