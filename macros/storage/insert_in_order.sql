{% macro insert_in_order(relation, rows, layout) %}
    {%- if not (layout.partitioned_by and layout.sorted_by) -%}
        {%- do run_query("insert into " ~ relation ~ " by name (" ~ clustered("select * from " ~ rows, layout) ~ ")") -%}
        {%- do return('') -%}
    {%- endif -%}
    {#- All threads sort, one writes: each writing thread leaves a separate sorted run in every file, and
        a look-up reads all of them. -#}
    {%- set sorted_rows = make_temp_relation(relation, '__sorted') -%}
    {%- set threads = run_query("select current_setting('threads')").rows[0][0] -%}
    {%- for part in slices(rows, layout.partitioned_by[0]) -%}
        {%- do run_query("create temporary table " ~ sorted_rows ~ " as (" ~ clustered("select * from " ~ rows ~ " where " ~ part, layout) ~ ")") -%}
        {%- do run_query("set threads = 1") -%}
        {%- do run_query("insert into " ~ relation ~ " by name (select * from " ~ sorted_rows ~ ")") -%}
        {%- do run_query("set threads = " ~ threads) -%}
        {%- do run_query("drop table " ~ sorted_rows) -%}
    {%- endfor -%}
{% endmacro %}

{% macro slices(rows, partition) %}
    {#- Conditions that take the partitions a few at a time, so that what is sorted at once is bounded. -#}
    {%- set found = run_query(
        "select cast(min(p) as varchar), cast(max(p) as varchar) from (select p, case when p is not null then"
        ~ " (sum(n) over (order by p) - n) // " ~ var('rows_sorted_at_once') ~ " end as slice from (select "
        ~ partition ~ " as p, count(*) as n from " ~ rows ~ " group by all)) group by slice order by slice"
    ) -%}
    {%- if found | length < 2 -%}{%- do return(['true']) -%}{%- endif -%}
    {%- set conditions = [] -%}
    {%- for slice in found -%}
        {%- do conditions.append(
            partition ~ (" between '" ~ slice[0] ~ "' and '" ~ slice[1] ~ "'" if slice[0] is not none else " is null")
        ) -%}
    {%- endfor -%}
    {%- do return(conditions) -%}
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
