{% macro replay(feed) %}
    {#- Lands the rejected rows of a feed again, from landing itself: they get a batch of their own, so that
        the next build reads them as it reads new rows, and no others. -#}
    {%- set models = {} -%}
    {%- for node in graph.nodes.values() if node.name in ['land_' ~ feed, 'quarantine_' ~ feed] -%}
        {%- do models.update({node.name: relation_of(node)}) -%}
    {%- endfor -%}
    {%- if models | length < 2 -%}
        {%- do exceptions.raise_compiler_error("There is no feed " ~ feed ~ ": see the models land_<feed>.") -%}
    {%- endif -%}
    {%- set landing, quarantine = models['land_' ~ feed], models['quarantine_' ~ feed] -%}
    {%- if run_query(
        "select count(*) from duckdb_tables() where database_name = '" ~ target.database ~ "' and (schema_name, table_name) in (('"
        ~ landing.schema ~ "', '" ~ landing.identifier ~ "'), ('" ~ quarantine.schema ~ "', '" ~ quarantine.identifier ~ "'))"
    ).rows[0][0] < 2 -%}
        {%- do exceptions.raise_compiler_error("The lake has no rows of " ~ feed ~ " yet. Run `dbt build` first.") -%}
    {%- endif -%}
    {%- do run_query(create_ledgers()) -%}
    {%- set batches = run_query(
        "select distinct batch_id from " ~ quarantine ~ " where disposition = 'rejected' order by all"
    ).columns[0].values() | map('int') | join(", ") -%}
    {%- set refresh_log = source('ledger', 'refresh_log') -%}
    {%- set this_refresh = run_query("select coalesce(max(batch_id), 0) + 1 from " ~ refresh_log).rows[0][0] | int -%}
    {%- set now = "cast('" ~ modules.datetime.datetime.utcnow() ~ "' as timestamp)" -%}

    {%- do run_query("begin transaction") -%}
    {#- A line that could not be read stays: no rule or list makes fields of it. The numbers of the batches
        stand as literals, which prune the files of all others. -#}
    {%- do run_query(
        "create or replace temporary table replayed as select landed._file as file, landed._row as file_row, landed.batch_id"
        ~ " from " ~ landing ~ " as landed inner join " ~ quarantine ~ " as quarantined on landed._file = quarantined.file"
        ~ " and landed._row = quarantined.file_row and landed.batch_id = quarantined.batch_id"
        ~ " where quarantined.disposition = 'rejected' and landed._malformed is null"
        ~ " and landed.batch_id in (" ~ (batches or 'null') ~ ") and quarantined.batch_id in (" ~ (batches or 'null') ~ ")"
    ) -%}
    {%- set found = run_query("select count(*) from replayed").rows[0][0] | int -%}
    {%- if found == 0 -%}
        {%- do run_query("rollback") -%}
        {%- do log("Replay of " ~ feed ~ ": the quarantine holds no rejected row that could be read.", info=true) -%}
        {%- do return('') -%}
    {%- endif -%}
    {%- do run_query(
        "update " ~ landing ~ " set batch_id = " ~ this_refresh ~ " where batch_id in (" ~ batches
        ~ ") and (batch_id, _file, _row) in (select (batch_id, file, file_row) from replayed)"
    ) -%}
    {%- do run_query(
        "delete from " ~ quarantine ~ " where batch_id in (" ~ batches
        ~ ") and (batch_id, file, file_row) in (select (batch_id, file, file_row) from replayed)"
    ) -%}
    {%- do run_query(
        "insert into " ~ source('ledger', 'replays') ~ " by name select '" ~ feed ~ "' as feed, file, batch_id as from_batch_id, "
        ~ this_refresh ~ " as batch_id, count(*) as row_count, " ~ now ~ " as replayed_at from replayed group by all"
    ) -%}
    {%- do run_query(
        "insert into " ~ refresh_log ~ " by name select " ~ this_refresh ~ " as batch_id, 'land_" ~ feed
        ~ "' as model, 'replay' as mode, " ~ this_refresh ~ " as first_batch_id, " ~ found ~ " as rows_written, " ~ found
        ~ " as rows_deleted, 0 as partitions_affected, 0 as seconds, " ~ now ~ " as started_at, '" ~ invocation_id
        ~ "' as invocation_id"
    ) -%}
    {%- do run_query("commit") -%}
    {%- do log(
        "Replay of " ~ feed ~ ": " ~ "{:,}".format(found) ~ " rejected rows are batch " ~ this_refresh
        ~ " now, and the next `dbt build` judges them again.", info=true
    ) -%}
{% endmacro %}
