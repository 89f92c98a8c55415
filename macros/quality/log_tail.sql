{% macro log_tail(tail) -%}
    {#- By position: $request_time (or Apache's %D) $upstream_response_time $upstream_addr $upstream_status. -#}
    regexp_extract(
        {{ tail }},
        '^ "?(\d+(?:\.\d+)?)"?(?: "?({{ attempts_of("\\d+\\.\\d+|-") }})"?)?'
        || '(?: "?({{ attempts_of("[^\\s\",=]*[.:/][^\\s\",=]*|-") }})"?)?(?: "?({{ attempts_of("\\d{3}|-") }})"?)?(?: |$)',
        ['request_time', 'upstream_response_time', 'upstream_addr', 'upstream_status']
    )
{%- endmacro %}
