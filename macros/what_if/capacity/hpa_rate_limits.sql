{% macro hpa_rate_limits(direction) -%}
    {#- Each rate counts from the replicas that there were when its period began. -#}
    {%- set up = direction == 'up' -%}
    list_transform(
        case when policy.scale_{{ direction }}_select <> 'Disabled' then policy.scale_{{ direction }}_rates end,
        lambda rate: cast(case rate.policy_type
            when 'Pods'
                then replicas - {{ hpa_change_since('now - rate.period_seconds') }} {{ '+' if up else '-' }} rate.value
            else {{ 'ceil' if up else 'trunc' }}(
                cast(replicas - {{ hpa_change_since('now - rate.period_seconds') }} as double)
                * (1 {{ '+' if up else '-' }} cast(rate.value as double) / 100)
            )
        end as integer)
    )
{%- endmacro %}
