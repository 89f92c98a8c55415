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
        create temporary table {{ delta }} as (
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
        {%- do insert_in_order(target_relation, "select * from " ~ delta, layout) -%}
    {%- endif -%}
    {%- do run_query("drop table " ~ delta) -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- set first_batch = first_batch_written(rebuild) -%}
    {%- if first_batch is not none -%}
        {%- do name_snapshot("refresh", {"refresh_id": refresh_id(), "model": model.name}) -%}
        {%- do run_query(log_entry_sql(
            'rebuild' if first_batch == 0 else config.get('incremental_strategy'), first_batch, outcome, started,
            fingerprint=fingerprint
        )) -%}
    {%- endif -%}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
