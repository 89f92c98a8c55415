{% macro is_accepted() %}
    {#- Whether the variable `accept_refresh` accepts the current state. It does not cover files
        delivered, or seeds edited, after the refresh that it names. -#}
    {%- if not execute or var('accept_refresh') is none or flags.WHICH not in ['build', 'test', 'retry'] -%}
        {%- do return(false) -%}
    {%- endif -%}
    {%- set newest = run_query(
        "select coalesce(max(batch_id), 0) from " ~ source('ledger', 'refresh_log')
        ~ " where starts_with(model, 'land_') or mode = 'seed'"
    ).rows[0][0] | int -%}
    {%- do return(newest <= var('accept_refresh') | int) -%}
{% endmacro %}
