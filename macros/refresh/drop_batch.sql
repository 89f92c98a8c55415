{% macro drop_batch(batch_id, feed=none) %}
    {#- Deletes the rows of a batch and marks its files as rejected. Rows of other batches that were
        duplicates of these rows count again after the rebuild. -#}
    {%- do run_query(create_ledgers()) -%}
    {%- set landed_files = source('ledger', 'landed_files') -%}
    {%- set batch_id = batch_id | int -%}
    {%- set of_batch = "batch_id = " ~ batch_id ~ " and status = 'landed'" ~ (" and feed = '" ~ feed ~ "'" if feed else "") -%}
    {%- set dropped = run_query(
        "select feed, count(*), sum(rows_landed) from " ~ landed_files ~ " where " ~ of_batch ~ " group by feed order by feed"
    ).rows -%}
    {%- if dropped | length == 0 -%}
        {%- do exceptions.raise_compiler_error(
            "Batch " ~ batch_id ~ " has no landed file" ~ (" of the feed " ~ feed if feed else "")
            ~ ", or was dropped before. Look up the batch_id of a file in ledger.landed_files."
        ) -%}
    {%- endif -%}
    {%- set refresh_log = source('ledger', 'refresh_log') -%}
    {%- set this_refresh = run_query("select max(batch_id) + 1 from " ~ refresh_log).rows[0][0] | int -%}
    {%- do run_query("begin transaction") -%}
    {%- for found in dropped -%}
        {%- set landing_model = "land_" ~ found[0] -%}
        {%- set node = graph.nodes.values() | selectattr('name', 'equalto', landing_model) | first -%}
        {%- set landing_table = relation_of(node) -%}
        {#- Rows that a replay gave another batch are found by their file. -#}
        {%- do run_query(
            "delete from " ~ landing_table ~ " where batch_id >= " ~ batch_id ~ " and _file in (select file from "
            ~ landed_files ~ " where " ~ of_batch ~ ")"
        ) -%}
        {%- do run_query(
            "delete from " ~ source('ledger', 'replays') ~ " where feed = '" ~ found[0] ~ "' and file in (select file from "
            ~ landed_files ~ " where " ~ of_batch ~ ")"
        ) -%}
        {#- The next delivery is compared with the one before this. -#}
        {%- for ledger in ['column_profiles', 'schema_changes'] -%}
            {%- do run_query(
                "delete from " ~ source('ledger', ledger) ~ " where feed = '" ~ found[0] ~ "' and batch_id = " ~ batch_id
            ) -%}
        {%- endfor -%}
        {%- do run_query(
            "insert into " ~ refresh_log ~ " by name select " ~ this_refresh ~ " as batch_id, '"
            ~ landing_model ~ "' as model, 'drop' as mode, 0 as first_batch_id, 0 as rows_written, " ~ found[2] | int
            ~ " as rows_deleted, 0 as partitions_affected, 0 as seconds, cast('" ~ modules.datetime.datetime.utcnow()
            ~ "' as timestamp) as started_at, '" ~ invocation_id ~ "' as invocation_id"
        ) -%}
    {%- endfor -%}
    {%- do run_query(
        "update " ~ landed_files ~ " set status = 'rejected', rows_landed = 0, reason = 'batch " ~ batch_id
        ~ " was dropped' where " ~ of_batch
    ) -%}
    {%- do run_query("commit") -%}
    {%- for found in dropped -%}
        {%- do log(
            "Dropped batch " ~ batch_id ~ " of " ~ found[0] ~ ": " ~ found[2] | int ~ " rows of " ~ found[1] ~ " files.", info=true
        ) -%}
    {%- endfor -%}
    {%- do log(
        "Its files do not land again unchanged; a corrected file lands under the same name."
        ~ " Now run `dbt build` to rebuild the tables that read these feeds.", info=true
    ) -%}
{% endmacro %}
