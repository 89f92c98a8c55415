{% macro record_landed_files() %}
    {#- Hook of every landing model: the file entries commit together with the rows. -#}
    {%- set new = run_query(
        "select (select count(*) from " ~ new_files_table() ~ "), (select count(*) from " ~ new_rows_table() ~ ")"
    ).rows[0] if is_refresh() else [0, 0] -%}
    {%- if new[0] -%}{%- do record_schema_changes(new[1] | int) -%}{%- endif -%}
    {%- if is_refresh() -%}
        {%- do run_query("select clear_taken('" ~ feed_name() ~ "'), drop_rows('" ~ new_rows_table() ~ "')") -%}
    {%- endif -%}
    {%- if new[0] -%}
    {#- A file that was rejected for its columns and is tried again has one verdict: the new one. -#}
    delete from {{ source('ledger', 'landed_files') }}
    where
        status = 'rejected'
        and (feed, file, sha256) in (select (feed, file, sha256) from {{ new_files_table() }});

    insert into {{ source('ledger', 'landed_files') }}
    with landed as (
        select
            _file as file,
            count(*) as rows_landed
        from {{ this }}
        where batch_id = {{ current_batch_id() }}
        group by _file
    )

    select
        new_files.feed,
        new_files.file,
        {{ landing_path() }} as landing_path,
        new_files.size_bytes,
        new_files.modified_at,
        new_files.sha256,
        new_files.format,
        new_files.columns,
        new_files.status,
        new_files.reason,
        new_files.rows_delivered,
        coalesce(landed.rows_landed, 0) as rows_landed,
        {{ current_batch_id() }} as batch_id,
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp) as landed_at
    from {{ new_files_table() }} as new_files
    left join landed
        on new_files.file = landed.file
    {%- endif -%}
{% endmacro %}
