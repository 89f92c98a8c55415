{% macro hpa_remembered(memory) -%}
    list_filter(
        state.{{ memory }},
        {% if memory == 'recommendations' -%}
        lambda former: former.at_seconds >= now - policy.recommendation_memory_seconds
        {%- else -%}
        lambda event: event.at_seconds > now - policy.event_memory_seconds
        {%- endif %}
    )
{%- endmacro %}
