{% macro judged_rows(staging) %}
    {%- if not is_refresh() or model.resource_type != 'model' -%}{%- do return(staging) -%}{%- endif -%}
    {%- set judged = judged_table(staging.identifier) -%}
    {%- set query = "select * from " ~ staging ~ " where " ~ new_batches(staging) -%}
    {#- An invocation has one memory: what its graph names is there. -#}
    {%- if graph.setdefault('judged_rows', {}).get(staging.identifier) != query -%}
        {%- do run_query("create or replace table " ~ judged ~ " as " ~ query) -%}
        {%- do graph.judged_rows.update({staging.identifier: query}) -%}
    {%- endif -%}
    {%- do return(judged) -%}
{% endmacro %}
