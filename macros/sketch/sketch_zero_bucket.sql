{% macro sketch_zero_bucket() -%}
    {#- Zero has no logarithm: it has a bucket of its own, which sorts before all others. -#}
    (-32768)
{%- endmacro %}
