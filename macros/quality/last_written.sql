{% macro last_written(relation) -%}
    {#- Compiling and documenting must work without a lake, so only a run of tests reads the log.
        -#}
    {%- if not execute or flags.WHICH not in ['build', 'test', 'retry'] -%}{%- do return('true') -%}{%- endif -%}
    {%- set found = run_query(
        "select coalesce(min(first_batch_id) filter (batch_id > ("
        ~ "select coalesce(max(batch_id), 0) from " ~ source('ledger', 'publications') ~ ")), "
        ~ "max_by(first_batch_id, batch_id)) from " ~ source('ledger', 'refresh_log')
        ~ " where model in ('" ~ logged_upstreams(relation.identifier) | join("', '") ~ "')"
    ) -%}
    {%- do return('batch_id >= ' ~ (found.columns[0].values()[0] or 0)) -%}
{%- endmacro %}
