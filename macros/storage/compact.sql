{% macro compact(
    dry_run=false, budget_bytes=none, tables=none, snapshot_days=none, orphan_hours=none
) %}
    {%- set budget = budget_bytes if budget_bytes is not none else var('compaction_budget_bytes') -%}
    {%- set steps = compaction_plan(budget | int, tables) -%}
    {%- for step in steps -%}
        {%- do log(
            ("would " if dry_run else "") ~ step.method ~ " " ~ step.relation ~ " " ~ step.partition ~ ": "
            ~ step.files ~ " files of " ~ step.bytes ~ " bytes, " ~ step.deleted_rows ~ " deleted rows, to "
            ~ step.files_expected, info=true
        ) -%}
        {%- if not dry_run -%}{%- do compact_partition(step) -%}{%- endif -%}
    {%- else -%}
        {%- do log("Nothing to compact.", info=true) -%}
    {%- endfor -%}
    {%- if not dry_run -%}{%- do republish() -%}{%- endif -%}
    {%- do remove_unreferenced_files(dry_run, snapshot_days, orphan_hours) -%}
{% endmacro %}

{% macro compaction_plan(budget_bytes, tables=none) %}
    {#- Worst partitions first, as many as the budget permits. One is always taken: a partition
        larger than the budget would otherwise wait forever. -#}
    {%- set found = run_query(
        "select table_schema, table_name, coalesce(partition_name, ''), compaction_method, files, files_expected, deleted_rows, bytes_to_rewrite"
        ~ " from " ~ ref('compaction_debt') ~ " where is_due"
        ~ (" and table_name in ('" ~ tables | join("', '") ~ "')" if tables else "")
        ~ " order by files - files_expected desc, deleted_rows desc, bytes_to_rewrite, table_name, partition_name"
    ) -%}
    {%- set steps = [] -%}
    {%- set spent = namespace(bytes=0) -%}
    {%- for row in found if not steps or spent.bytes + row[7] <= budget_bytes -%}
        {%- set spent.bytes = spent.bytes + row[7] -%}
        {%- do steps.append({
            'relation': api.Relation.create(database=target.database, schema=row[0], identifier=row[1]),
            'partition': row[2],
            'method': row[3],
            'files': row[4] | int,
            'files_expected': row[5] | int,
            'deleted_rows': row[6] | int,
            'bytes': row[7] | int,
        }) -%}
    {%- endfor -%}
    {%- do return(steps) -%}
{% endmacro %}

{% macro compact_partition(step) %}
    {#- One transaction: readers see the old files or the new ones, and a killed run leaves the old
        ones. The rows are counted and hashed before and after; a difference rolls back. -#}
    {%- set rows = step.relation ~ " where " ~ partition_predicate(step.partition) -%}
    {%- do run_query("begin transaction") -%}
    {%- set before = rows_checksum(rows) -%}
    {%- if step.method == 'rewrite' -%}
        {%- do run_query("create or replace temporary table rewritten_rows as from " ~ rows) -%}
        {%- do run_query("delete from " ~ rows) -%}
        {%- do insert_in_order(step.relation, "rewritten_rows", layout_of(step.relation)) -%}
        {%- do run_query("drop table rewritten_rows") -%}
    {%- else -%}
        {%- do run_query(
            "call ducklake_merge_adjacent_files('" ~ step.relation.database ~ "', '" ~ step.relation.identifier
            ~ "', schema => '" ~ step.relation.schema ~ "')"
        ) -%}
    {%- endif -%}
    {%- set after = rows_checksum(rows) -%}
    {%- if before != after -%}
        {%- do run_query("rollback") -%}
        {%- do exceptions.raise_compiler_error(
            "Compaction of " ~ step.relation ~ " " ~ step.partition ~ " would have changed its rows (rows and checksums: "
            ~ before ~ " before, " ~ after ~ " after). It was rolled back; the old files are unchanged."
        ) -%}
    {%- endif -%}
    {%- do set_commit_message("compaction", {"table": step.relation.identifier, "partition": step.partition}) -%}
    {%- do run_query("commit") -%}
{% endmacro %}

{% macro partition_predicate(partition) %}
    {#- From `dt=2025-01-31` to the condition that selects the partition; true for an unpartitioned
        table. -#}
    {%- set conditions = [] -%}
    {%- for part in partition.split('/') if part -%}
        {%- set column, value = part.split('=', 1) -%}
        {%- do conditions.append(column ~ (" is null" if value == 'null' else " = " ~ dbt.string_literal(value))) -%}
    {%- endfor -%}
    {%- do return(conditions | join(' and ') or 'true') -%}
{% endmacro %}

{% macro layout_of(relation) %}
    {#- Layout of a table from the project file. Tables without a model have no sort order. -#}
    {%- for node in graph.nodes.values() if node.schema == relation.schema and node.name == relation.identifier -%}
        {%- do return(table_layout(node.config)) -%}
    {%- endfor -%}
    {%- do return(table_layout({})) -%}
{% endmacro %}

{% macro rows_checksum(rows) %}
    {#- Two sums of row hashes that do not depend on the order of rows. -#}
    {%- set found = run_query(
        "select count(*), bit_xor(hash(rows)), sum(hash(rows) % 1000000007) from (select * from " ~ rows ~ ") as rows"
    ).rows[0] -%}
    {%- do return([found[0] | string, found[1] | string, found[2] | string]) -%}
{% endmacro %}

{% macro remove_unreferenced_files(dry_run, snapshot_days=none, orphan_hours=none) %}
    {#- A file is deleted when no snapshot refers to it and no reader can: readers of the published
        state keep the files of its catalog. An orphan (left by a killed writer) is deleted when it
        is too old to belong to a running transaction. -#}
    {%- set lake = target.database -%}
    {%- set days = snapshot_days if snapshot_days is not none else var('snapshot_retention_days') -%}
    {%- set hours = orphan_hours if orphan_hours is not none else var('orphan_retention_hours') -%}
    {%- set dry = "dry_run => " ~ dry_run | lower -%}
    {%- set published_at = published_before_newest_refresh() -%}
    {%- set expired = run_query(
        "select count(*) from ducklake_expire_snapshots('" ~ lake ~ "', " ~ dry ~ ", older_than => "
        ~ hours_ago(days * 24, published_at) ~ ")"
    ).rows[0][0] -%}
    {%- set cleaned = run_query(
        "select count(*) from ducklake_cleanup_old_files('" ~ lake ~ "', " ~ dry ~ ", older_than => "
        ~ hours_ago(days * 24, published_at) ~ ")"
    ).rows[0][0] -%}
    {%- set orphans = run_query(
        "select count(*) from ducklake_delete_orphaned_files('" ~ lake ~ "', " ~ dry ~ ", older_than => "
        ~ hours_ago(hours) ~ ")"
    ).rows[0][0] -%}
    {%- do log(
        ("Would expire " if dry_run else "Expired ") ~ expired ~ " snapshots, "
        ~ ("remove " if dry_run else "removed ") ~ cleaned ~ " old files and " ~ orphans ~ " orphans.", info=true
    ) -%}
{% endmacro %}

{% macro hours_ago(hours, at_latest=none) -%}
    {#- The age of a file is by the wall clock, whatever days its rows have. -#}
    {%- set time = modules.datetime.datetime.utcnow() - modules.datetime.timedelta(hours=hours) -%}
    timestamptz '{{ [time, at_latest or time] | min }}+00'
{%- endmacro %}
