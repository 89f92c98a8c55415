{% macro judged_rows(staging) %}
    {%- if not is_refresh() or model.resource_type != 'model' -%}{%- do return(staging) -%}{%- endif -%}
    {#- Named like the model, so that filters by batch apply to both. -#}
    {%- set judged = api.Relation.create(database='memory', schema='main', identifier=staging.identifier) -%}
    {%- set query = dbt.string_literal(dbt.escape_single_quotes(
        "select * from " ~ staging ~ " where " ~ new_batches(staging)
    )) -%}
    {#- Its comment is the query. -#}
    {%- set is_kept = run_query(
        "select 1 from duckdb_tables() where database_name = 'memory' and table_name = '" ~ staging.identifier
        ~ "' and comment = " ~ query
    ) | length > 0 -%}
    {%- if not is_kept -%}
        {%- do run_query(
            "create or replace table " ~ judged ~ " as select * from " ~ staging ~ " where " ~ new_batches(staging)
        ) -%}
        {%- do run_query("comment on table " ~ judged ~ " is " ~ query) -%}
    {%- endif -%}
    {%- do return(judged) -%}
{% endmacro %}
