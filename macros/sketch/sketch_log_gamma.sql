{% macro sketch_log_gamma() -%}
    {#- gamma = (1 + a) / (1 - a): the width of a bucket, as a factor. -#}
    ln({{ 1 + var('sketch_relative_error') }} / {{ 1 - var('sketch_relative_error') }})
{%- endmacro %}
