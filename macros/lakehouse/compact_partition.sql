{% macro compact_partition(step) %}
    {#- One transaction: whoever reads sees the old files or the new ones, and a killed run leaves the
        old ones. The rows are counted and hashed before and after; a difference rolls it back. -#}
    {%- set rows = step.relation ~ " where " ~ partition_predicate(step.partition) -%}
    {%- do run_query("begin transaction") -%}
    {%- set before = rows_checksum(rows) -%}
    {%- if step.method == 'rewrite' -%}
        {%- do run_query("create or replace temporary table rewritten_rows as from " ~ rows) -%}
        {%- do run_query("delete from " ~ rows) -%}
        {%- do insert_in_order(step.relation, "select * from rewritten_rows", layout_of(step.relation)) -%}
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
            "Compaction of " ~ step.relation ~ " " ~ step.partition ~ " would have changed its rows (rows, checksums: "
            ~ before ~ " before, " ~ after ~ " after). It was rolled back."
        ) -%}
    {%- endif -%}
    {%- do name_snapshot("compaction", {"table": step.relation.identifier, "partition": step.partition}) -%}
    {%- do run_query("commit") -%}
{% endmacro %}
