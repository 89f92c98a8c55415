{% macro network_class(network_type, mean_kbps, variation) -%}
    concat_ws(
        ', ',
        coalesce({{ network_type }}, 'unknown'),
        {{ named_band(mean_kbps ~ ' / 1000', var('network_class_speeds_mbps'), ' Mbit/s') }},
        'variation ' || {{ named_band(variation, var('network_class_variations'), '') }}
    )
{%- endmacro %}
