{% macro insert_in_order(relation, sql, layout) %}
    {#- Each thread that writes leaves a sorted run of its own in every file, and a look-up reads all of
        them: what is partitioned and ordered is written by one thread. -#}
    {%- set threads = run_query("select current_setting('threads')").rows[0][0] -%}
    {%- set in_order = layout.partitioned_by and layout.sorted_by -%}
    {%- if in_order -%}{%- do run_query("set threads = 1") -%}{%- endif -%}
    {%- do run_query("insert into " ~ relation ~ " by name (" ~ clustered(sql, layout) ~ ")") -%}
    {%- if in_order -%}{%- do run_query("set threads = " ~ threads) -%}{%- endif -%}
{% endmacro %}

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

{% macro scaled_ranks(columns, within=[], bits=8) -%}
    {#- Each column's place among the rows of its partition, from 0 to 2^bits - 1. Ranks and not values,
        so that text, numbers and skewed columns share a curve alike; equal values get equal ranks. -#}
    {%- set partition = 'partition by ' ~ within | join(', ') ~ ' ' if within else '' -%}
    [
        {% for column in columns -%}
        (rank() over ({{ partition }}order by {{ column }}) - 1)
        * {{ 2 ** bits }} // count(*) over ({{ partition }}){{ ',' if not loop.last }}
        {% endfor -%}
    ]
{%- endmacro %}

{% macro z_order(ranks, dimensions, bits=8) -%}
    {#- Morton's curve: bit 0 of each rank, then bit 1 of each, and so on. Rows that are near to each
        other in every dimension come near to each other in this order. -#}
    list_sum(list_transform(
        range({{ dimensions * bits }}),
        lambda place:
            ((({{ ranks }})[place % {{ dimensions }} + 1] >> (place // {{ dimensions }})) & 1) << place
    ))
{%- endmacro %}
