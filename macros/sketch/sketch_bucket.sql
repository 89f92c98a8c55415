{% macro sketch_bucket(value) -%}
    case
        when {{ value }} > 0 then cast(ceil(ln({{ value }}) / {{ sketch_log_gamma() }}) as integer)
        when {{ value }} = 0 then {{ sketch_zero_bucket() }}
    end
{%- endmacro %}

{% macro sketch_zero_bucket() -%}
    {#- Zero has no logarithm: its bucket is so far below all others that its value is exactly 0.
        -#}
    (-1000000)
{%- endmacro %}
