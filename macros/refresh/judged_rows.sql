{% macro judged_rows(staging) %}
    {%- if not is_refresh() or model.resource_type != 'model' -%}{%- do return(staging) -%}{%- endif -%}
    {%- set judged = judged_table(staging.identifier) -%}
    {%- set query = "select * from " ~ staging ~ " where " ~ new_batches(staging) -%}
    {#- Its comment is the query. -#}
    {%- set comment = dbt.string_literal(dbt.escape_single_quotes(query)) -%}
    {%- set is_kept = run_query(
        "select 1 from duckdb_tables() where database_name = '" ~ judged.database ~ "' and table_name = '"
        ~ judged.identifier ~ "' and comment = " ~ comment
    ) | length > 0 -%}
    {%- if not is_kept -%}
        {%- do run_query("create or replace table " ~ judged ~ " as " ~ query) -%}
        {%- do run_query("comment on table " ~ judged ~ " is " ~ comment) -%}
    {%- endif -%}
    {%- do return(judged) -%}
{% endmacro %}
