{#- dbt-duckdb's own incremental materialization builds a partitioned DuckLake table outside a
    transaction, deletes without pruning and keeps no log. This one does all of a refresh in one
    transaction: the rows, the hooks and the log entry commit together or not at all. -#}
{% materialization incremental, adapter='duckdb' %}
    {%- set started = modules.datetime.datetime.utcnow() -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set delta = make_temp_relation(target_relation) -%}
    {%- set rebuild = existing is none or existing.is_view or is_rebuild() -%}
    {%- set keys = config.get('unique_key') or [] -%}
    {%- set keys = [keys] if keys is string else keys -%}
    {%- set partition = (config.get('partitioned_by') or [none])[0] -%}
    {%- set outcome = {'written': 0, 'deleted': 0, 'partitions': 0} -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing is not none and existing.is_view -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}

    {%- if rebuild -%}
        {% call statement('main') %}
            {{ create_lake_table(target_relation, sql) }}
            insert into {{ target_relation }} by name (
                {{ clustered(sql) }}
            );
        {% endcall %}
        {%- do outcome.update(count_rows(target_relation, partition)) -%}
    {%- else -%}
        {% call statement('main') %}
            create temporary table {{ delta }} as (
                {{ sql }}
            );
        {% endcall %}
        {%- do outcome.update(count_rows(delta, partition)) -%}
        {%- if outcome.written > 0 and keys -%}
            {%- do outcome.update({'deleted': delete_keys(target_relation, delta, keys, partition)}) -%}
        {%- endif -%}
        {%- if outcome.written > 0 -%}
            {%- do run_query(
                "insert into " ~ target_relation ~ " by name (" ~ clustered("select * from " ~ delta) ~ ")"
            ) -%}
        {%- endif -%}
        {%- do run_query("drop table " ~ delta) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- set first_batch = first_batch_written(rebuild, outcome.written) -%}
    {%- if first_batch is not none -%}
        {%- do run_query(log_entry_sql(
            'rebuild' if first_batch == 0 else config.get('incremental_strategy'), first_batch, outcome, started
        )) -%}
    {%- endif -%}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% macro create_lake_table(relation, sql) %}
    {%- if config.get('contract').enforced -%}
    {{ get_assert_columns_equivalent(sql) }}
    create or replace table {{ relation }} {{ get_table_columns_and_constraints() }};
    {%- else -%}
    create or replace table {{ relation }} as (
        select * from (
            {{ sql }}
        ) as model_sql
        limit 0
    );
    {%- endif %}
    {% if config.get('partitioned_by') -%}
    alter table {{ relation }} set partitioned by ({{ config.get('partitioned_by') | join(', ') }});
    {% endif -%}
    {% if config.get('sorted_by') -%}
    alter table {{ relation }} set sorted by ({{ config.get('sorted_by') | join(', ') }});
    {% endif -%}
{% endmacro %}


{% macro clustered(sql) %}
    select * from (
        {{ sql }}
    ) as model_sql
    {%- set order = (config.get('partitioned_by') or []) + (config.get('sorted_by') or []) -%}
    {% if order %}
    order by {{ order | join(', ') }}
    {%- endif %}
{% endmacro %}


{% macro count_rows(relation, partition) %}
    {%- set found = run_query(
        "select count(*), count(distinct " ~ (partition or "null") ~ ") from " ~ relation
    ).rows[0] -%}
    {%- do return({'written': found[0] | int, 'partitions': found[1] | int}) -%}
{% endmacro %}


{% macro delete_keys(relation, delta, keys, partition) %}
    {#- A key that holds the partition column is looked for in the touched partitions only. -#}
    {%- set pruning = "true" -%}
    {%- if partition in keys -%}
        {%- set pruning = partition ~ " in (" ~ partition_literals(
            run_query("select distinct " ~ partition ~ " from " ~ delta ~ " order by all")
        ) ~ ")" -%}
    {%- endif -%}
    {%- set deleted = run_query(
        "delete from " ~ relation ~ " where " ~ pruning ~ " and (" ~ keys | join(", ") ~ ") in (select ("
        ~ keys | join(", ") ~ ") from " ~ delta ~ ")"
    ) -%}
    {%- do return(deleted.columns[0].values()[0] | int) -%}
{% endmacro %}
