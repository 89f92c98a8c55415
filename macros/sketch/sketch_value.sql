{% macro sketch_value(bucket) -%}
    {#- The one point of a bucket that is nowhere further than the error from any value in it. -#}
    exp({{ bucket }} * {{ sketch_log_gamma() }}) * {{ 1 - var('sketch_relative_error') }}
{%- endmacro %}
