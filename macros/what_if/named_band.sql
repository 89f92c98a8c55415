{% macro named_band(value, limits, unit) -%}
    case
        {%- for limit in limits %}
        when {{ value }} < {{ limit }}
            then '{{ "below" if loop.first else limits[loop.index0 - 1] ~ " to" }} {{ limit }}{{ unit }}'
        {%- endfor %}
        else 'from {{ limits[-1] }}{{ unit }}'
    end
{%- endmacro %}
