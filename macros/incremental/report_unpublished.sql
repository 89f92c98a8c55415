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
