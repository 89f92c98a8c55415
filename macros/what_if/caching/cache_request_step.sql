{% macro cache_request_step(request_ms, is_lookup, is_delete, is_counted) -%}
    {
        'request_ms': cast({{ request_ms }} as bigint),
        'is_lookup': {{ is_lookup }},
        'is_delete': {{ is_delete }},
        'is_counted': {{ is_counted }},
        'loaded_ms': cast(null as bigint),
        'hits': cast(0 as bigint),
        'age_ms': cast(0 as bigint),
        'oldest_ms': cast(null as bigint)
    }
{%- endmacro %}
