{% macro newest_supported(relation, timestamp_column) -%}
    {#- Counts by hour: one pass over one column, and few rows to rank. -#}
    (
        with hours as (
            select
                max({{ timestamp_column }}) as newest,
                count(*) as events
            from {{ relation }}
            where {{ timestamp_column }} is not null
            group by date_trunc('hour', {{ timestamp_column }})
        ),

        ranked as (
            select
                newest,
                sum(events) over (order by newest desc) as events_as_late,
                sum(events) over () as all_events
            from hours
        )

        select max(newest)
        from ranked
        where newest <= (
            select max(newest)
            from ranked
            where events_as_late > least({{ var('as_of_support_events') }}, greatest(all_events / 1000, 1), all_events - 1)
        ) + interval ({{ var('as_of_lead_hours') }}) hour
    )
{%- endmacro %}
