{% macro sketch_log_gamma() -%}
    {#- gamma = (1 + a) / (1 - a) is the ratio of a bucket's upper to its lower bound. -#}
    ln({{ 1 + var('sketch_relative_error') }} / {{ 1 - var('sketch_relative_error') }})
{%- endmacro %}
