{% macro remove_unreferenced_files(dry_run, snapshot_days=none, orphan_hours=none) %}
    {#- A file goes when no snapshot holds it and no reader can: readers of the published state hold
        theirs by the catalog as it was then. An orphan (its writer was killed) goes when it is too old
        to belong to a transaction that still runs. -#}
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
