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

{% macro unfinished_steps(results) %}
    {%- set failed, names = [], [] -%}
    {#- A check tagged `layout` judges how rows are stored: it never keeps them from readers. -#}
    {%- for result in results
        if result.status not in ['success', 'pass', 'warn', 'no-op'] and 'layout' not in result.node.tags -%}
        {%- do failed.append(result) -%}
        {%- if result.status != 'skipped' -%}{%- do names.append(result.node.name) -%}{%- endif -%}
    {%- endfor -%}
    {%- set left_out = steps_left_out(results) -%}
    {%- if failed -%}
        {%- set more = names | length - 5 -%}
        {%- do return(
            failed | length ~ " of " ~ results | length ~ " steps did not succeed"
            ~ (": " ~ names[:5] | join(", ") if names else "") ~ (" and " ~ more ~ " more" if more > 0 else "")
        ) -%}
    {%- elif left_out -%}
        {%- do return(left_out | length ~ " steps were left out; run the whole `dbt build`") -%}
    {%- endif -%}
    {%- do return("") -%}
{% endmacro %}

{% macro report_unpublished(reason, newest_refresh, published_refresh, are_rows_lost) %}
    {#- Says why, what readers see and what to do, and keeps the reason for the summary and for readers. -#}
    {%- set seen = run_query(
        "select strftime(published_at, '%Y-%m-%d %H:%M'), round(date_diff('minute', published_at, cast('"
        ~ modules.datetime.datetime.utcnow() ~ "' as timestamp)) / 60, 1) from " ~ source('ledger', 'publications')
        ~ " where refresh_id = " ~ published_refresh
    ).rows -%}
    {%- set is_left_out = 'steps were left out' in reason -%}
    {%- set lines = [
        "Not published: refresh " ~ newest_refresh ~ ": " ~ reason ~ ".",
        (
            "Readers keep the state of refresh " ~ published_refresh ~ ", published at " ~ seen[0][0] ~ " UTC, "
            ~ seen[0][1] ~ " hours ago." if seen | length > 0 else "Readers have no state yet."
        ),
    ] -%}
    {%- if not is_left_out -%}
        {%- for way in ways_forward(newest_refresh, published_refresh) -%}
            {%- do lines.append(("What to do: " if loop.first else "        or: ") ~ way) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do log(lines | join("\n"), info=true) -%}
    {%- set note -%}
    insert into {{ source('ledger', 'unpublished_builds') }} by name
    select
        {{ newest_refresh }} as refresh_id,
        '{{ invocation_id }}' as invocation_id,
        {{ dbt.string_literal(dbt.escape_single_quotes(lines | join("\n"))) }} as message,
        cast('{{ modules.datetime.datetime.utcnow() }}' as timestamp) as ended_at
    -- A build that wrote nothing leaves nothing either.
    where exists (
        select 1
        from {{ source('ledger', 'refresh_log') }}
        where invocation_id = '{{ invocation_id }}'
    )
    {%- endset -%}
    {%- do run_query(note) -%}
    {#- All steps passed and yet nothing is published: only this makes the command fail. -#}
    {%- if are_rows_lost -%}
    select error({{ dbt.string_literal(dbt.escape_single_quotes(lines[0])) }})
    {%- endif -%}
{% endmacro %}
