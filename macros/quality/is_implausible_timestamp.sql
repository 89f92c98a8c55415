{% macro is_implausible_timestamp(column) -%}
    {#- An event cannot be later than the build that lands it, except for differing clocks. -#}
    {{ column }} < cast('{{ var('earliest_event_date') }}' as timestamp)
    or {{ column }} > _delivered_at + interval ({{ var('clock_skew_hours') }}) hour
{%- endmacro %}
