{% macro publish_model(node) %}
    {#- One transaction on the server, and rows replaced under MVCC: readers see the old rows until the
        commit and wait for nothing. -#}
    {%- set lake_table = api.Relation.create(database=node.database, schema=node.schema, identifier=node.name) -%}
    {%- set served_table = node.schema ~ "." ~ node.name -%}
    {%- set partition = table_layout(node.config).partitioned_by[0] -%}
    {%- set is_new = run_query(
        "select count(*) from postgres_query('serving', 'select 1 from pg_tables where schemaname = ''"
        ~ node.schema ~ "'' and tablename = ''" ~ node.name ~ "''')"
    ).rows[0][0] == 0 -%}
    {%- if not is_new -%}{%- do reconcile_indexes(node, served_table) -%}{%- endif -%}
    {%- set pending = pending_publication(node.name, is_new) -%}
    {%- if pending.refresh_id is none -%}
        {%- do log(served_table ~ ": nothing new.", info=true) -%}{%- do return('') -%}
    {%- endif -%}

    {%- set everything = pending.first_batch == 0 -%}
    {%- set rows = "true" if everything else partition ~ " in (" ~ partition_literals(run_query(
        "select distinct " ~ partition ~ " from " ~ lake_table ~ " where batch >= " ~ pending.first_batch ~ " order by all"
    )) ~ ")" -%}
    {%- set oldest = run_query("select min(" ~ partition ~ ") from " ~ lake_table).rows[0][0] -%}

    {%- do run_query("begin transaction") -%}
    {%- if is_new -%}
        {%- do on_server("create schema if not exists " ~ node.schema) -%}
        {%- do run_query("create table serving." ~ served_table ~ " as select * from " ~ lake_table ~ " limit 0") -%}
    {%- endif -%}
    {%- do on_server(
        "delete from " ~ served_table ~ " where " ~ rows
        ~ ("" if everything else " or " ~ partition ~ " < '" ~ oldest ~ "'")
    ) -%}
    {%- do run_query("insert into serving." ~ served_table ~ " select * from " ~ lake_table ~ " where " ~ rows) -%}
    {%- if is_new -%}{%- do reconcile_indexes(node, served_table, is_new) -%}{%- endif -%}
    {%- do on_server(
        "insert into public.published_models values ('" ~ node.name ~ "', " ~ pending.refresh_id
        ~ ", '" ~ modules.datetime.datetime.utcnow() ~ "+00')"
        ~ " on conflict (model) do update set refresh_id = excluded.refresh_id, published_at = excluded.published_at"
    ) -%}
    {%- do run_query("commit") -%}
    {#- An index-only scan needs the visibility map that vacuum writes; it blocks no reader. -#}
    {%- do on_server("vacuum (analyze) " ~ served_table, in_transaction=false) -%}
    {%- do log(served_table ~ ": published " ~ ("everything" if everything else rows), info=true) -%}
{% endmacro %}
