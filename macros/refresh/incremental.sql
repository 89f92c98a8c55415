{#- dbt-duckdb's incremental materialization builds a partitioned DuckLake table outside a
    transaction, deletes without pruning and keeps no log. This one runs a refresh in one
    transaction: the rows, the hooks and the log entry commit together or not at all. -#}
{% materialization incremental, adapter='duckdb' %}
    {%- set started = modules.datetime.datetime.utcnow() -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set delta = make_temp_relation(target_relation) -%}
    {#- Landing has read its rows into a table of its own already. -#}
    {%- set delta_type = 'view' if is_landing_model() else 'table' -%}
    {%- set rebuild = existing is none or existing.is_view or is_rebuild() -%}
    {%- set keys = config.get('unique_key') or [] -%}
    {%- set keys = [keys] if keys is string else keys -%}
    {%- set layout = table_layout(config) -%}
    {%- set partition = (layout.partitioned_by or [none])[0] -%}
    {%- set fingerprint = none if is_landing_model() else logic_fingerprint() -%}
    {%- do check_schema_handling() -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing is not none and existing.is_view -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}

    {% call statement('main') %}
        {%- if rebuild %}
        {{ create_lake_table(target_relation, sql, layout) }}
        {%- endif %}
        create temporary {{ delta_type }} {{ delta }} as (
            {{ sql }}
        );
    {% endcall %}
    {%- if not rebuild -%}
        {%- do check_columns(target_relation, delta) -%}
    {%- endif -%}
    {%- set outcome = count_rows(delta, partition) -%}
    {%- if outcome.written > 0 -%}
        {%- if keys and not rebuild -%}
            {%- do outcome.update({'deleted': delete_keys(target_relation, delta, keys, partition)}) -%}
        {%- endif -%}
        {%- do insert_in_order(target_relation, delta, layout) -%}
    {%- endif -%}
    {%- do run_query("drop " ~ delta_type ~ " " ~ delta) -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- set first_batch_id = first_batch_written(rebuild) -%}
    {%- if first_batch_id is not none -%}
        {%- do set_commit_message("refresh", {"batch_id": current_batch_id(), "model": model.name}) -%}
        {%- do run_query(log_entry_sql(
            'rebuild' if first_batch_id == 0 else config.get('incremental_strategy'), first_batch_id, outcome, started,
            fingerprint=fingerprint
        )) -%}
    {%- endif -%}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro first_batch_written(rebuild) %}
    {#- The log value of this refresh: 0 for a rebuild, none if there was nothing to read. -#}
    {%- if not is_refresh() -%}{%- do return(none) -%}{%- endif -%}
    {%- if is_landing_model() -%}
        {#- A file with a verdict takes the number of this refresh, even if it landed no row. -#}
        {%- set judged = run_query("select 1 from " ~ new_files_table() ~ " limit 1") | length > 0 -%}
        {%- do return(current_batch_id() if judged else none) -%}
    {%- elif rebuild -%}
        {%- do return(0) -%}
    {%- endif -%}
    {%- do return(first_pending_batch(upstream_names(model))) -%}
{% endmacro %}

{% macro count_rows(relation, partition) %}
    {%- set found = run_query(
        "select count(*), count(distinct " ~ (partition or "null") ~ ") from " ~ relation
    ).rows[0] -%}
    {%- do return({'written': found[0] | int, 'partitions': found[1] | int}) -%}
{% endmacro %}

{% macro delete_keys(relation, delta, keys, partition) %}
    {#- If the key contains the partition column, only the affected partitions are searched. -#}
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

{% macro create_lake_table(relation, sql, layout) %}
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
    {% if layout.partitioned_by -%}
    alter table {{ relation }} set partitioned by ({{ layout.partitioned_by | join(', ') }});
    {% endif -%}
    {% if sort_keys(layout) -%}
    alter table {{ relation }} set sorted by ({{ sort_keys(layout) | join(', ') }});
    {% endif -%}
{% endmacro %}
