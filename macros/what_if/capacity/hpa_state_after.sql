{% macro hpa_state_after() -%}
    {
        'replicas': desired_replicas,
        'recommendations': case
            when stabilized_replicas is null then recommendations
            else list_append(recommendations, {'at_seconds': now, 'replicas': recommended_replicas})
        end,
        'scale_events': case
            when desired_replicas = replicas then scale_events
            else list_append(scale_events, {'at_seconds': now, 'change': desired_replicas - replicas})
        end
    }
{%- endmacro %}
