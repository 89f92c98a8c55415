{% macro hpa_state_after() -%}
    replicas := hpa.desired_replicas,
    recommendations := list_concat(
        {{ hpa_remembered('recommendations') }},
        case
            when hpa.stabilized_replicas is null then []
            else [{'at_seconds': hpa.now, 'replicas': hpa.recommended_replicas}]
        end
    ),
    scale_events := list_concat(
        {{ hpa_remembered('scale_events') }},
        case
            when hpa.desired_replicas = hpa.replicas then []
            else [{'at_seconds': hpa.now, 'change': hpa.desired_replicas - hpa.replicas}]
        end
    ),
    decisions := list_append(hpa.decisions, {
        'replicas': hpa.replicas,
        'starting_replicas': hpa.starting_replicas,
        'cpu_utilization_percent': hpa.cpu_utilization_percent,
        'memory_utilization_percent': hpa.memory_utilization_percent,
        'cpu_replicas': hpa.cpu_replicas,
        'memory_replicas': hpa.memory_replicas,
        'stabilized_replicas': hpa.stabilized_replicas,
        'scale_up_limit': hpa.scale_up_limit,
        'scale_down_limit': hpa.scale_down_limit,
        'desired_replicas': hpa.desired_replicas
    })
{%- endmacro %}
