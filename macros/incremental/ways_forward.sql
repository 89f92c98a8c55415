{% macro ways_forward(newest_refresh, published_refresh) %}
    {#- What a person can do about a state that is not published, one line each. -#}
    {%- set unpublished = run_query(
        "select distinct batch_id from " ~ source('ledger', 'landed_files') ~ " where status = 'landed' and batch_id > "
        ~ published_refresh ~ " order by batch_id desc limit 3"
    ).columns[0].values() -%}
    {%- set lines = ["correct the cause that is named above, and build again: `dbt build`"] -%}
    {%- for batch in unpublished -%}
        {%- do lines.append(
            "take back what was delivered in batch " ~ batch | int ~ ": `dbt run-operation drop_batch --args '{batch: "
            ~ batch | int ~ "}'`, then `dbt build`"
        ) -%}
    {%- endfor -%}
    {#- A test that fails skips the models behind it: the build that accepts runs them. -#}
    {%- do lines.append(
        "accept failed tests and lost rows of this state, once: `dbt build --vars '{accept_refresh: "
        ~ newest_refresh ~ "}'`"
    ) -%}
    {%- do return(lines) -%}
{% endmacro %}
