{% macro log_line(line) -%}
    {#- Common, combined and vhost_combined; fields that a configuration appends are the tail. -#}
    regexp_extract(
        {{ line }},
        '^(?:(\S+):\d+ )?(\S+) \S+ \S+ \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}|-) (\d+|-)'
        || '(?: "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*")?(.*)$',
        ['virtual_host', 'client', 'time', 'request', 'status', 'bytes', 'tail']
    )
{%- endmacro %}
