{% macro bola_score(rate, full_segments) -%}
    (
        ({{ full_segments }} - 1) / (ln(bitrates_kbps[-1] / bitrates_kbps[1]) + rebuffering_weight)
        * (ln({{ rate }} / bitrates_kbps[1]) + rebuffering_weight)
        - buffer_ms / duration_ms
    ) / {{ rate }}
{%- endmacro %}
