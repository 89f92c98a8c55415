{% macro published_rows_dropped(node, published_refresh) %}
    {#- Rows of the published state whose id the table no longer holds. The id is a fact's first column. -#}
    {%- set relation = api.Relation.create(database=node.database, schema=node.schema, identifier=node.name) -%}
    {%- set snapshots = source('ducklake', 'ducklake_snapshot') -%}
    {%- set version = run_query(
        "select coalesce(max(snapshots.snapshot_id) filter (snapshots.snapshot_time <= published.published_at), min(snapshots.snapshot_id))"
        ~ " from " ~ snapshots ~ " as snapshots cross join (select published_at at time zone 'UTC' as published_at from "
        ~ source('ledger', 'publications') ~ " where refresh_id = " ~ published_refresh ~ ") as published"
    ).rows[0][0] -%}
    {%- set id = (node.columns.keys() | list)[0] -%}
    {%- do return(run_query(
        "select count(*) from (from " ~ relation ~ " at (version => " ~ version ~ ")) as published where not exists"
        ~ " (select 1 from " ~ relation ~ " as kept where kept." ~ id ~ " = published." ~ id ~ ")"
    ).rows[0][0] | int) -%}
{% endmacro %}
