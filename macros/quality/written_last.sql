{% macro written_last(relation) -%}
    {#- Compiling or documenting must work without a lake: only a run of tests reads the log. -#}
    {%- if not execute or flags.WHICH not in ['build', 'test', 'retry'] -%}{%- do return('true') -%}{%- endif -%}
    {%- set found = run_query(
        "select coalesce(min(first_batch) filter (refresh_id > ("
        ~ "select coalesce(max(refresh_id), 0) from " ~ source('ledger', 'publications') ~ ")), "
        ~ "max_by(first_batch, refresh_id)) from " ~ source('ledger', 'refresh_log')
        ~ " where model = '" ~ relation.identifier ~ "'"
    ) -%}
    {%- set batch = '_batch_id' if relation.identifier.startswith('land_') else 'batch' -%}
    {%- do return(batch ~ ' >= ' ~ (found.columns[0].values()[0] or 0)) -%}
{%- endmacro %}
