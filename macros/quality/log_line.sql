{% macro log_line(line) -%}
    {#- Common, combined and vhost_combined; what a configuration adds at the end is the tail. -#}
    regexp_extract(
        {{ line }},
        '^(?:(\S+):\d+ )?(\S+) \S+ \S+ \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}|-) (\d+|-)'
        || '(?: "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*")?(.*)$',
        ['virtual_host', 'client', 'time', 'request', 'status', 'bytes', 'tail']
    )
{%- endmacro %}
