{% macro sketch_bucket(value) -%}
    case
        when {{ value }} > 0 then cast(ceil(ln({{ value }}) / {{ sketch_log_gamma() }}) as integer)
        when {{ value }} = 0 then {{ sketch_zero_bucket() }}
    end
{%- endmacro %}
