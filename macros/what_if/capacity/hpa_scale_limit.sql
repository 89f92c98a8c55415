{% macro hpa_scale_limit(direction) -%}
    {%- set widest, narrowest = ('list_max', 'list_min') if direction == 'up' else ('list_min', 'list_max') -%}
    {{ 'greatest' if direction == 'up' else 'least' }}(replicas, case
        when not policy.has_behavior then {{ 'greatest(2 * replicas, 4)' if direction == 'up' else '0' }}
        -- A direction that is disabled does not move.
        when policy.scale_{{ direction }}_select = 'Disabled' then replicas
        when policy.scale_{{ direction }}_select = 'Min' then {{ narrowest }}({{ rate_limits(direction) }})
        else {{ widest }}({{ rate_limits(direction) }})
    end)
{%- endmacro %}

{% macro rate_limits(direction) -%}
    {#- Each rate counts from the replicas that there were when its period began. -#}
    {%- set sign, rounded = ('+', 'ceil') if direction == 'up' else ('-', 'trunc') -%}
    {%- set before = 'replicas - ' ~ hpa_change_since('now - rate.period_seconds') -%}
    list_transform(
        policy.scale_{{ direction }}_rates,
        lambda rate: cast(case rate.policy_type
            when 'Pods' then {{ before }} {{ sign }} rate.value
            else {{ rounded }}(
                cast({{ before }} as double) * (1 {{ sign }} cast(rate.value as double) / 100)
            )
        end as integer)
    )
{%- endmacro %}
