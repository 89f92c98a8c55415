{% macro rule_table() -%}
    list({
        'network_speed_mbps': network_speed_mbps,
        'recommended_bitrate_kbps': recommended_bitrate_kbps
    } order by network_speed_mbps)
{%- endmacro %}
