{% macro network_class(network_type, mean_kbps, variation) -%}
    concat_ws(
        ', ',
        coalesce({{ network_type }}, 'unknown'),
        {{ named_band(mean_kbps ~ ' / 1000', var('network_class_speeds_mbps'), ' Mbit/s') }},
        'variation ' || {{ named_band(variation, var('network_class_variations'), '') }}
    )
{%- endmacro %}

{% macro named_band(value, limits, unit) -%}
    case
        {%- for limit in limits %}
        when {{ value }} < {{ limit }}
            then '{{ "below" if loop.first else limits[loop.index0 - 1] ~ " to" }} {{ limit }}{{ unit }}'
        {%- endfor %}
        else 'from {{ limits[-1] }}{{ unit }}'
    end
{%- endmacro %}
