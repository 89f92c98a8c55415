{% macro hpa_change_since(moment) -%}
    coalesce(list_sum(list_transform(
        hpa.scale_events,
        lambda event: case when event.at_seconds > {{ moment }} then event.change else 0 end
    )), 0)
{%- endmacro %}
