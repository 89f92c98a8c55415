{% macro hpa_remembered(memory) -%}
    list_filter(
        hpa.{{ memory }},
        {% if memory == 'recommendations' -%}
        lambda former: former.at_seconds >= hpa.now - hpa.recommendation_memory_seconds
        {%- else -%}
        lambda event: event.at_seconds > hpa.now - hpa.event_memory_seconds
        {%- endif %}
    )
{%- endmacro %}
