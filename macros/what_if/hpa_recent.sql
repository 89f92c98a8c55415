{% macro hpa_recent(direction) -%}
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
