{% macro sketch_zero_bucket() -%}
    {#- Zero has no logarithm: its bucket lies so far below all others that its value is exactly 0. -#}
    (-1000000)
{%- endmacro %}
