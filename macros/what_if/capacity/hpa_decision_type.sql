{% macro hpa_decision_type() -%}
    struct(
        replicas integer, starting_replicas integer,
        cpu_utilization_percent bigint, memory_utilization_percent bigint,
        cpu_replicas integer, memory_replicas integer, stabilized_replicas integer,
        scale_up_limit integer, scale_down_limit integer, desired_replicas integer
    )
{%- endmacro %}
