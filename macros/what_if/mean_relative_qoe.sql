{% macro mean_relative_qoe() -%}
    avg({{ quality_of_experience() }} / (top_bitrate_kbps / 1000))
{%- endmacro %}
