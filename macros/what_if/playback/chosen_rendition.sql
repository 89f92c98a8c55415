{% macro chosen_rendition() -%}
    {%- set top = 'bitrates_kbps[-1]' -%}
    {%- set map_kbps = 'bitrates_kbps[1] + (' ~ top ~ ' - bitrates_kbps[1]) * (buffer_ms - reservoir_ms) / cushion_ms' -%}
    {%- set full_segments = '(' ~ var('what_if_buffer_ms') ~ ' / duration_ms)' -%}
    case
        when len(throughputs_kbps) = 0 then 1
        when kind = 'rules'
            then greatest(1, len(list_filter(bitrates_kbps, lambda rate: rate <= list_filter(
                rules, lambda rule: speed_kbps / 1000 >= rule.network_speed_mbps
            )[-1].recommended_bitrate_kbps)))
        when kind = 'throughput'
            then greatest(1, len(list_filter(bitrates_kbps, lambda rate: rate <= safety_factor * speed_kbps)))
        when kind = 'buffer'
            then case
                when buffer_ms <= reservoir_ms then 1
                when buffer_ms >= reservoir_ms + cushion_ms then len(bitrates_kbps)
                when {{ map_kbps }} >= coalesce(bitrates_kbps[rendition + 1], {{ top }})
                    then greatest(1, len(list_filter(bitrates_kbps, lambda rate: rate < {{ map_kbps }})))
                when {{ map_kbps }} <= coalesce(bitrates_kbps[rendition - 1], bitrates_kbps[1])
                    then least(
                        len(bitrates_kbps),
                        len(list_filter(bitrates_kbps, lambda rate: rate <= {{ map_kbps }})) + 1
                    )
                else rendition
            end
        when kind = 'bola'
            then list_position(
                list_transform(bitrates_kbps, lambda rate: {{ bola_score('rate', full_segments) }}),
                list_max(list_transform(bitrates_kbps, lambda rate: {{ bola_score('rate', full_segments) }}))
            )
    end
{%- endmacro %}

{% macro bola_score(rate, full_segments) -%}
    (
        ({{ full_segments }} - 1) / (ln(bitrates_kbps[-1] / bitrates_kbps[1]) + rebuffering_weight)
        * (ln({{ rate }} / bitrates_kbps[1]) + rebuffering_weight)
        - buffer_ms / duration_ms
    ) / {{ rate }}
{%- endmacro %}
