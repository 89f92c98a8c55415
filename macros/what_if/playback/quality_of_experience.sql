{% macro quality_of_experience() -%}
    (
        bitrate_sum_kbps
        - {{ var('qoe_switch_weight') }} * bitrate_change_sum_kbps
        - {{ var('qoe_stall_weight') }} * top_bitrate_kbps * (rebuffering_ms + start_delay_ms) / 1000
    ) / 1000 / segments
{%- endmacro %}
