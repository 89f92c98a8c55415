{% macro days_around_affected(upstream, column, days_before=0, days_after=0, every_days=1) -%}
    {%- if not is_refresh() or is_rebuild() -%}
    true
    {%- else -%}
    {#- Literals, because only they prune files before they are opened. -#}
    {{ column }} in ({{ partition_literals(run_query(
        "select distinct cast(affected.day as date) + cast(around.days as integer) from (select unnest(["
        ~ affected_partitions(upstream) ~ "]) as day) as affected cross join (select unnest(range("
        ~ (-days_before) ~ ", " ~ (days_after + 1) ~ ", " ~ every_days ~ ")) as days) as around where affected.day is not null order by all"
    )) }})
    {%- endif -%}
{%- endmacro %}
