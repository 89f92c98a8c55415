{% macro fixed_ttl_replay(history, ttl_ms) -%}
    {#- Redis expires a key once its clock has passed the set time: at that millisecond the entry is
        still served. -#}
    {%- set is_hit = "request.is_lookup and request.request_ms - entry.loaded_ms <= " ~ ttl_ms -%}
    {%- set is_counted_hit = "request.is_counted and " ~ is_hit -%}
    list_reduce(
        {{ history }},
        lambda entry, request: {
            'request_ms': request.request_ms,
            'is_lookup': request.is_lookup,
            'is_delete': request.is_delete,
            'is_counted': request.is_counted,
            'loaded_ms': case
                when request.is_delete then null
                when {{ is_hit }} then entry.loaded_ms
                else request.request_ms
            end,
            'hits': entry.hits + case when {{ is_counted_hit }} then 1 else 0 end,
            'age_ms': entry.age_ms
                + case when {{ is_counted_hit }} then request.request_ms - entry.loaded_ms else 0 end,
            'oldest_ms': case
                when {{ is_counted_hit }}
                    then greatest(entry.oldest_ms, request.request_ms - entry.loaded_ms)
                else entry.oldest_ms
            end
        },
        {{ cache_request_step('0', 'false', 'false', 'false') }}
    )
{%- endmacro %}
