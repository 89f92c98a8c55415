{% macro hpa_first_state() -%}
    {#- All columns of a step, typed: `list_reduce` keeps one type from its first to its last step. -#}
    struct_insert(
        policy,
        replicas := state.replicas,
        recommendations := state.recommendations,
        scale_events := state.scale_events,
        decisions := cast([] as {{ hpa_decision_type() }}[]),
        step := '',
        {%- for name in [
            'starting_replicas', 'cpu_replicas', 'memory_replicas', 'recommended_replicas',
            'stabilized_replicas', 'scale_up_limit', 'scale_down_limit', 'desired_replicas'
        ] %}
        {{ name }} := cast(null as integer),
        {%- endfor %}
        {%- for metric in ['cpu', 'memory'] %}
        {%- for name in [
            'demand_milli', 'known_pods', 'pods', 'usage_milli', 'utilization_percent', 'direction', 'counted'
        ] %}
        {{ metric }}_{{ name }} := cast(null as bigint),
        {%- endfor %}
        {{ metric }}_ratio := cast(null as double),
        {%- endfor %}
        {%- for name in ['instances', 'counted_instances', 'cpu_measured_instances', 'memory_measured_instances'] %}
        {{ name }} := cast(null as bigint),
        {%- endfor %}
        now := cast(null as bigint)
    )
{%- endmacro %}
