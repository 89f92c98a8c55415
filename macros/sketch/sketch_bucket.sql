{% macro sketch_bucket(value) -%}
    case
        when {{ value }} > 0 then cast(ceil(ln({{ value }}) / {{ sketch_log_gamma() }}) as smallint)
        when {{ value }} = 0 then cast({{ sketch_zero_bucket() }} as smallint)
    end
{%- endmacro %}
