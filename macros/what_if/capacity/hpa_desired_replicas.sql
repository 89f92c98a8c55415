{% macro hpa_desired_replicas(metric) -%}
    {%- set proposal = 'cast(ceil(' ~ metric ~ '_ratio * ' ~ metric ~ '_counted) as integer)' -%}
    case
        when {{ metric }}_pods <= 0 or {{ metric }}_ratio is null then null
        when {{ metric }}_ratio between 1 - policy.scale_down_tolerance and 1 + policy.scale_up_tolerance
            then replicas
        when sign({{ metric }}_ratio - 1) <> {{ metric }}_direction then replicas
        when {{ metric }}_counted = {{ metric }}_pods then {{ proposal }}
        when {{ metric }}_direction < 0 then least(replicas, {{ proposal }})
        else greatest(replicas, {{ proposal }})
    end
{%- endmacro %}
