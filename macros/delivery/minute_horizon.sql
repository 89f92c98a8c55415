{% macro minute_horizon(requests) -%}
    {#- The start of an hour: an hour has its minutes whole or not at all. -#}
    date_trunc('hour', {{ as_of(requests, 'timestamp') }} - interval ({{ var('minute_sketch_hours') }}) hour)
{%- endmacro %}
