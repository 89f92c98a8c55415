{% macro insert_in_order(relation, sql, layout) %}
    {#- Each writing thread leaves a separate sorted run in every file, and a look-up reads all of
        them. So one thread writes tables that are partitioned and sorted. -#}
    {%- set threads = run_query("select current_setting('threads')").rows[0][0] -%}
    {%- set in_order = layout.partitioned_by and layout.sorted_by -%}
    {%- if in_order -%}{%- do run_query("set threads = 1") -%}{%- endif -%}
    {%- do run_query("insert into " ~ relation ~ " by name (" ~ clustered(sql, layout) ~ ")") -%}
    {%- if in_order -%}{%- do run_query("set threads = " ~ threads) -%}{%- endif -%}
{% endmacro %}

{% macro clustered(sql, layout) %}
    {#- The rows of a query in storage order: partition by partition, and within a partition as
        `clustering` says (docs/lakehouse.md). -#}
    {%- set columns = layout.sorted_by -%}
    {%- set within = layout.partitioned_by -%}
    {%- set clustering = layout.clustering if columns else 'sort' -%}
    {%- if clustering == 'ranges' -%}
        {#- Five bits: 32 ranges. More ranges favor the first column, fewer the second. -#}
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

{% macro scaled_ranks(columns, within=[], bits=8) -%}
    {#- Rank of each column's value among the rows of its partition, scaled to 0 to 2^bits - 1.
        Ranks instead of values, so that text, numbers and skewed columns share a curve equally;
        equal values get equal ranks. -#}
    {%- set partition = 'partition by ' ~ within | join(', ') ~ ' ' if within else '' -%}
    [
        {% for column in columns -%}
        (rank() over ({{ partition }}order by {{ column }}) - 1)
        * {{ 2 ** bits }} // count(*) over ({{ partition }}){{ ',' if not loop.last }}
        {% endfor -%}
    ]
{%- endmacro %}

{% macro z_order(ranks, dimensions, bits=8) -%}
    {#- Morton's curve: bit 0 of each rank, then bit 1 of each, and so on. Rows that are close in
        every dimension are close in this order. -#}
    list_sum(list_transform(
        range({{ dimensions * bits }}),
        lambda place:
            ((({{ ranks }})[place % {{ dimensions }} + 1] >> (place // {{ dimensions }})) & 1) << place
    ))
{%- endmacro %}
