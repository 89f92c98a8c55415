{% macro hpa_stabilized_replicas() -%}
    case
        -- No recommendation: nothing runs, the bounds alone decide, or a metric that fails forbids to
        -- scale down (not up).
        when replicas = 0 or replicas not between policy.min_replicas and policy.max_replicas then null
        when
            recommended_replicas < replicas
            and (
                (cpu_replicas is null and policy.cpu_target_percent is not null)
                or (memory_replicas is null and policy.memory_target_percent is not null)
            )
            then null
        when recommended_replicas is null then null
        when policy.has_behavior
            then least(
                greatest(replicas, least(recommended_replicas, list_min({{ recent_recommendations('up') }}))),
                greatest(recommended_replicas, list_max({{ recent_recommendations('down') }}))
            )
        else greatest(recommended_replicas, list_max({{ recent_recommendations('down') }}))
    end
{%- endmacro %}

{% macro recent_recommendations(direction) -%}
    list_transform(
        recommendations,
        lambda former: case
            when
                former.at_seconds > now - policy.scale_{{ direction }}_window_seconds
                -- Without `behavior` the controller leaves out only what is before the window.
                or (
                    not policy.has_behavior
                    and former.at_seconds = now - policy.scale_{{ direction }}_window_seconds
                )
                then former.replicas
        end
    )
{%- endmacro %}
