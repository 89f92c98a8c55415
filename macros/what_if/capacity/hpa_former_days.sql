{% macro hpa_former_days(upstream) -%}
    {%- if not is_refresh() or is_rebuild() -%}
    {#- A first build has no former day: one without a service stands for the columns. -#}
    select
        cast(null as varchar) as service_name,
        cast(null as date) as dt,
        cast(null as struct(
            replicas integer,
            recommendations struct(at_seconds bigint, replicas integer)[],
            scale_events struct(at_seconds bigint, change integer)[]
        )) as state_after_day
    {%- else -%}
    select service_name, dt, state_after_day
    from {{ this }}
    where
        state_after_day is not null
        and {{ days_around_affected(upstream, 'dt', days_before=1) }}
    {%- endif -%}
{%- endmacro %}
