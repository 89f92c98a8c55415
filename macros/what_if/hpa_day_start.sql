{% macro hpa_day_start(
    replicas, recommendations, scale_events, policy='policy', first_sync_seconds='first_sync_seconds'
) -%}
    struct_pack(
        replicas := {{ replicas }},
        recommendations := list_filter(
            coalesce(cast({{ recommendations }} as struct(at_seconds bigint, replicas integer)[]), []),
            lambda former: former.at_seconds
            >= {{ first_sync_seconds }} - {{ policy }}.recommendation_memory_seconds
        ),
        scale_events := list_filter(
            coalesce(cast({{ scale_events }} as struct(at_seconds bigint, change integer)[]), []),
            lambda event: event.at_seconds
            > {{ first_sync_seconds }} - {{ policy }}.event_memory_seconds
        )
    )
{%- endmacro %}
