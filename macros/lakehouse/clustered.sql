{% macro clustered(sql, layout) %}
    {#- The rows of a query in the order in which they shall lie: partition by partition, and within
        one as `clustering` says (docs/lakehouse.md). -#}
    {%- set columns = layout.sorted_by -%}
    {%- set within = layout.partitioned_by -%}
    {%- set clustering = layout.clustering if columns else 'sort' -%}
    {%- if clustering == 'ranges' -%}
        {#- Five bits: 32 ranges. More tell the first column better, fewer the second. -#}
        {%- set ranks = scaled_ranks(columns[:1], within, bits=5) -%}
        {%- set along = ['_ranks[1]'] + columns[1:2] + columns[:1] + columns[2:] -%}
    {%- elif clustering == 'z_order' -%}
        {%- set ranks = scaled_ranks(columns, within) -%}
        {%- set along = [z_order('_ranks', columns | length)] -%}
    {%- else -%}
        {%- set along = columns -%}
    {%- endif -%}
    select * {%- if ranks %} exclude (_ranks){% endif %}
    from (
        {% if ranks -%}
        select
            *,
            {{ ranks }} as _ranks
        from (
            {{ sql }}
        )
        {%- else -%}
        {{ sql }}
        {%- endif %}
    ) as model_sql
    {%- if within + along %}
    order by {{ (within + along) | join(', ') }}
    {%- endif -%}
{% endmacro %}
