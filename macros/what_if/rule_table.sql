{% macro rule_table() -%}
    list({
        'min_network_speed': min_network_speed,
        'max_network_speed': max_network_speed,
        'optimal_bitrate': optimal_bitrate
    } order by min_network_speed)
{%- endmacro %}
