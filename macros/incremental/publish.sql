{% macro publish(results) %}
    {#- Readers keep the last state that was whole and tested, until the next one is. -#}
    {%- if not is_refresh() -%}{%- do return('') -%}{%- endif -%}
    {%- set found = run_query(
        "select coalesce((select max(refresh_id) from " ~ source('ledger', 'refresh_log') ~ "), 0), "
        ~ "coalesce((select max(refresh_id) from " ~ source('ledger', 'publications') ~ "), 0)"
    ).rows[0] -%}
    {%- set newest, published = found[0] | int, found[1] | int -%}
    {%- if newest == published -%}{%- do return('') -%}{%- endif -%}

    {%- set unfinished = unfinished_steps(results) -%}
    {%- set losses = [] if unfinished or is_accepted() else lost_rows(published) -%}
    {%- if unfinished or losses -%}
        {%- do return(report_unpublished(unfinished or losses | join("; "), newest, published, losses | length > 0)) -%}
    {%- endif -%}

    {#- The copy comes first: killed in between, the next build copies again. -#}
    {%- do run_query("select publish_catalog()") -%}
    insert into {{ source('ledger', 'published_tables') }} by name
    select
        {{ newest }} as refresh_id,
        *
    from (
        {{ partitioned_table_rows() }}
    );
    insert into {{ source('ledger', 'publications') }} by name
    select
        {{ newest }} as refresh_id,
        '{{ invocation_id }}' as invocation_id,
        cast('{{ modules.datetime.datetime.utcnow() }}' as timestamp) as published_at
{% endmacro %}
