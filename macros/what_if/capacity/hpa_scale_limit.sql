{% macro hpa_scale_limit(direction) -%}
    {%- set widest, narrowest = ('list_max', 'list_min') if direction == 'up' else ('list_min', 'list_max') -%}
    {{ 'greatest' if direction == 'up' else 'least' }}(hpa.replicas, case
        when not hpa.has_behavior then {{ 'greatest(2 * hpa.replicas, 4)' if direction == 'up' else '0' }}
        -- A direction that is disabled does not move.
        when hpa.scale_{{ direction }}_select = 'Disabled' then hpa.replicas
        when hpa.scale_{{ direction }}_select = 'Min' then {{ narrowest }}({{ rate_limits(direction) }})
        else {{ widest }}({{ rate_limits(direction) }})
    end)
{%- endmacro %}

{% macro rate_limits(direction) -%}
    {#- Each rate counts from the replicas that there were when its period began. -#}
    {%- set sign, rounded = ('+', 'ceil') if direction == 'up' else ('-', 'trunc') -%}
    list_transform(
        hpa.scale_{{ direction }}_rates,
        lambda rate: cast({{ rounded }}(
            cast(hpa.replicas - {{ hpa_change_since('hpa.now - rate.period_seconds') }} as double)
            * (1 {{ sign }} case rate.policy_type when 'Percent' then cast(rate.value as double) / 100 else 0 end)
            {{ sign }} case rate.policy_type when 'Pods' then rate.value else 0 end
        ) as integer)
    )
{%- endmacro %}
