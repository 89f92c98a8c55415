{% macro hpa_stabilized_replicas() -%}
    {%- set recommended = 'greatest(hpa.cpu_replicas, hpa.memory_replicas)' -%}
    case
        -- No recommendation: nothing runs, the bounds alone decide, or a metric that fails forbids to
        -- scale down (not up).
        when hpa.replicas = 0 or hpa.replicas not between hpa.min_replicas and hpa.max_replicas then null
        when
            {{ recommended }} < hpa.replicas
            and (
                (hpa.cpu_replicas is null and hpa.cpu_target_percent is not null)
                or (hpa.memory_replicas is null and hpa.memory_target_percent is not null)
            )
            then null
        when {{ recommended }} is null then null
        else least(
            case
                when hpa.has_behavior
                    then greatest(
                        hpa.replicas, least({{ recommended }}, list_min({{ recent_recommendations('up') }}))
                    )
            end,
            greatest({{ recommended }}, list_max({{ recent_recommendations('down') }}))
        )
    end
{%- endmacro %}

{% macro recent_recommendations(direction) -%}
    list_transform(
        hpa.recommendations,
        lambda former: case
            when
                former.at_seconds > hpa.now - hpa.scale_{{ direction }}_window_seconds
                -- Without `behavior` the controller leaves out only what is before the window.
                or (
                    not hpa.has_behavior
                    and former.at_seconds = hpa.now - hpa.scale_{{ direction }}_window_seconds
                )
                then former.replicas
        end
    )
{%- endmacro %}
