{% macro serve_postgres(models=none) %}
    {#- Copies the models with `meta.serving` to PostgreSQL: the partitions that refreshes have
        written since the last copy. -#}
    {#- In Python: dbt logs every statement, and this one would contain the server's password. -#}
    {%- do run_query("select connect_serving()") -%}
    {%- do postgres_execute(
        "create table if not exists public.served_models"
        ~ " (model text primary key, batch_id bigint not null, published_at timestamptz not null)"
    ) -%}
    {%- for node in graph.nodes.values() | sort(attribute='name')
        if (node.config.meta or {}).serving and node.name in (models or [node.name]) -%}
        {%- do serve_model(node) -%}
    {%- endfor -%}
{% endmacro %}

{% macro serve_model(node) %}
    {#- One transaction on the server; rows are replaced under MVCC, so readers see the old rows
        until the commit and do not wait. -#}
    {%- set lake_table = relation_of(node) -%}
    {%- set served_table = node.schema ~ "." ~ node.name -%}
    {%- set partition = table_layout(node.config).partitioned_by[0] -%}
    {%- set is_new = run_query(
        "select count(*) from postgres_query('serving', 'select 1 from pg_tables where schemaname = ''"
        ~ node.schema ~ "'' and tablename = ''" ~ node.name ~ "''')"
    ).rows[0][0] == 0 -%}
    {%- if not is_new -%}{%- do reconcile_indexes(node, served_table) -%}{%- endif -%}
    {%- set new_columns = {} if is_new else columns_to_add(lake_table, served_table) -%}
    {%- set pending = rows_to_serve(node.name, is_new or new_columns | length > 0) -%}
    {%- if pending.batch_id is none -%}
        {%- do log(served_table ~ ": nothing new.", info=true) -%}{%- do return('') -%}
    {%- endif -%}

    {%- set everything = pending.first_batch_id == 0 -%}
    {%- set rows = "true" if everything else partition ~ " in (" ~ partition_literals(run_query(
        "select distinct " ~ partition ~ " from " ~ lake_table ~ " where batch_id >= " ~ pending.first_batch_id ~ " order by all"
    )) ~ ")" -%}
    {%- set oldest = run_query("select min(" ~ partition ~ ") from " ~ lake_table).rows[0][0] -%}

    {%- do run_query("begin transaction") -%}
    {%- if is_new -%}
        {%- do postgres_execute("create schema if not exists " ~ node.schema) -%}
        {%- do run_query("create table serving." ~ served_table ~ " as select * from " ~ lake_table ~ " limit 0") -%}
    {%- endif -%}
    {%- for name, type in new_columns.items() -%}
        {%- do run_query("alter table serving." ~ served_table ~ " add column " ~ adapter.quote(name) ~ " " ~ type) -%}
    {%- endfor -%}
    {%- do postgres_execute(
        "delete from " ~ served_table ~ " where " ~ rows
        ~ ("" if everything else " or " ~ partition ~ " < '" ~ oldest ~ "'")
    ) -%}
    {%- do run_query("insert into serving." ~ served_table ~ " by name select * from " ~ lake_table ~ " where " ~ rows) -%}
    {%- if is_new -%}{%- do reconcile_indexes(node, served_table, is_new) -%}{%- endif -%}
    {%- do postgres_execute(
        "insert into public.served_models values ('" ~ node.name ~ "', " ~ pending.batch_id
        ~ ", '" ~ modules.datetime.datetime.utcnow() ~ "+00')"
        ~ " on conflict (model) do update set batch_id = excluded.batch_id, published_at = excluded.published_at"
    ) -%}
    {%- do run_query("commit") -%}
    {#- An index-only scan needs the visibility map that vacuum writes; vacuum blocks no reader. -#}
    {%- do postgres_execute("vacuum (analyze) " ~ served_table, in_transaction=false) -%}
    {%- do log(served_table ~ ": copied " ~ ("everything" if everything else rows), info=true) -%}
{% endmacro %}

{% macro columns_to_add(lake_table, served_table) %}
    {%- set described = {'lake': {}, 'server': {}} -%}
    {%- for row in run_query(
        "select 'lake', column_name, column_type from (describe " ~ lake_table ~ ")"
        ~ " union all select 'server', column_name, column_type from (describe serving." ~ served_table ~ ")"
    ) -%}
        {%- do described[row[0]].update({row[1]: row[2]}) -%}
    {%- endfor -%}
    {%- set dropped = described.server.keys() | reject('in', described.lake) | list -%}
    {%- if dropped -%}
        {%- do exceptions.raise_compiler_error(
            "The table " ~ served_table ~ " in PostgreSQL has columns that " ~ lake_table ~ " does not have: "
            ~ dropped | join(", ") ~ ". Nothing was copied. Drop these columns, or the table: the next run creates it."
        ) -%}
    {%- endif -%}
    {%- set added = {} -%}
    {%- for name, type in described.lake.items() if name not in described.server -%}
        {%- do added.update({name: type}) -%}
    {%- endfor -%}
    {%- do return(added) -%}
{% endmacro %}

{% macro rows_to_serve(model_name, is_new) %}
    {#- What refreshes have written to a model since its last copy; first batch 0 means everything.
        -#}
    {%- set published = 0 if is_new else run_query(
        "select coalesce(max(batch_id), 0) from serving.public.served_models where model = '" ~ model_name ~ "'"
    ).rows[0][0] | int -%}
    {%- set found = run_query(
        "select max(batch_id), min(first_batch_id) from " ~ source('ledger', 'refresh_log')
        ~ " where model = '" ~ model_name ~ "' and batch_id > " ~ published
    ).rows[0] -%}
    {%- do return({'batch_id': found[0], 'first_batch_id': 0 if is_new else found[1]}) -%}
{% endmacro %}

{% macro reconcile_indexes(node, served_table, is_new=false) %}
    {#- A comment on each index holds its definition: a changed index is detected, and indexes of
        other tools are left alone. Nothing locks a table that has readers. -#}
    {%- set wanted = {} -%}
    {%- for index in node.config.meta.serving.indexes -%}
        {%- do wanted.update({index.name: index_definition(index)}) -%}
    {%- endfor -%}
    {%- set former = node.config.meta.serving.indexes | map(attribute='formerly') | list -%}
    {%- set kept = [] -%}
    {%- for name, definition, is_valid in ([] if is_new else indexes_on_server(served_table)) -%}
        {%- if is_valid and wanted.get(name) == definition -%}
            {%- do kept.append(name) -%}
        {%- elif name in wanted or name in former or definition.startswith('reelhouse: ') -%}
            {%- do postgres_execute("drop index concurrently " ~ node.schema ~ "." ~ name, in_transaction=false) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for index in node.config.meta.serving.indexes if index.name not in kept -%}
        {%- do postgres_execute(
            "create " ~ ("unique " if index.unique else "") ~ "index " ~ ("" if is_new else "concurrently ")
            ~ index.name ~ " on " ~ served_table ~ " " ~ index.columns,
            in_transaction=is_new
        ) -%}
        {%- do postgres_execute(
            "comment on index " ~ node.schema ~ "." ~ index.name ~ " is '" ~ wanted[index.name] ~ "'",
            in_transaction=is_new
        ) -%}
        {%- do log(served_table ~ ": created index " ~ index.name ~ " " ~ index.columns, info=not is_new) -%}
    {%- endfor -%}
{% endmacro %}

{% macro index_definition(index) -%}
    {%- do return("reelhouse: " ~ ("unique " if index.unique else "") ~ index.columns) -%}
{%- endmacro %}

{% macro indexes_on_server(served_table) -%}
    {#- Name, comment and validity of each index. The primary key of a constraint is not our index.
        -#}
    {%- set sql -%}
        select relation.relname, coalesce(obj_description(relation.oid, 'pg_class'), ''), entry.indisvalid
        from pg_index as entry
        inner join pg_class as relation on entry.indexrelid = relation.oid
        where entry.indrelid = '{{ served_table }}'::regclass and not entry.indisprimary
    {%- endset -%}
    {%- do return(run_query(
        "select * from postgres_query('serving', " ~ dbt.string_literal(dbt.escape_single_quotes(sql)) ~ ")"
    ).rows) -%}
{%- endmacro %}

{% macro postgres_execute(sql, in_transaction=true) %}
    {%- do run_query(
        "call postgres_execute('serving', " ~ dbt.string_literal(dbt.escape_single_quotes(sql))
        ~ ("" if in_transaction else ", use_transaction => false") ~ ")"
    ) -%}
{% endmacro %}
