{% macro clustered(sql, layout) %}
    {#- The rows of a query in the order in which they shall lie: partition by partition, and within
        one along the columns of `sorted_by`, or along the curve through them. -#}
    {%- set on_curve = layout.clustering == 'z_order' and layout.sorted_by -%}
    select * {%- if on_curve %} exclude (_ranks){% endif %}
    from (
        {% if on_curve -%}
        select
            *,
            {{ z_ranks(layout.sorted_by, layout.partitioned_by) }} as _ranks
        from (
            {{ sql }}
        )
        {%- else -%}
        {{ sql }}
        {%- endif %}
    ) as model_sql
    {%- set along = [z_order('_ranks', layout.sorted_by | length)] if on_curve else layout.sorted_by -%}
    {%- set order = layout.partitioned_by + along -%}
    {% if order %}
    order by {{ order | join(', ') }}
    {%- endif %}
{% endmacro %}
