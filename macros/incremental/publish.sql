{% macro publish(results) %}
    {#- Readers keep the last state that was whole and tested, until the next one is. -#}
    {%- if not execute or flags.WHICH != 'build' -%}{%- do return('') -%}{%- endif -%}
    {%- set found = run_query(
        "select coalesce((select max(refresh_id) from " ~ source('ledger', 'refresh_log') ~ "), 0), "
        ~ "coalesce((select max(refresh_id) from " ~ source('ledger', 'publications') ~ "), 0)"
    ).rows[0] -%}
    {%- if found[0] == found[1] -%}{%- do return('') -%}{%- endif -%}
    {%- set failed = results | rejectattr('status', 'in', ['success', 'pass', 'warn', 'no-op']) | list -%}
    {%- set left_out = steps_left_out(results) -%}
    {%- if failed or left_out -%}
        {%- do log(
            "Not published: " ~ (
                failed | length ~ " of " ~ results | length ~ " steps did not succeed" if failed
                else left_out | length ~ " steps were left out; run the whole `dbt build`"
            ) ~ ". Readers keep the state of refresh " ~ found[1] ~ ".", info=true
        ) -%}
        {%- do return('') -%}
    {%- endif -%}
    {#- The copy comes first: killed in between, the next build copies again. -#}
    {%- do run_query("select publish_catalog()") -%}
    insert into {{ source('ledger', 'publications') }} by name
    select
        {{ found[0] }} as refresh_id,
        '{{ invocation_id }}' as invocation_id,
        cast('{{ modules.datetime.datetime.utcnow() }}' as timestamp) as published_at
{% endmacro %}
