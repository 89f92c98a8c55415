{% macro is_replayed(upstream) -%}
    {#- A new row changes the replay of its own day and of the days for which its day is the
        warm-up. -#}
    {%- set days = var('cache_warm_up_days') -%}
    {{ days_around_affected(upstream, 'dt', days_before=days, days_after=days) }}
    and {{ days_around_affected(upstream, 'replayed_on', days_after=days) }}
{%- endmacro %}
