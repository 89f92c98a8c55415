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
