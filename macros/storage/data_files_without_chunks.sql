{% macro data_files_without_chunks() %}
    {#- Files whose footer this model has not read, without the tables about the lake itself: they
        would make every refresh write, and the next one write about that. -#}
    {%- if not is_refresh() -%}{%- do return([]) -%}{%- endif -%}
    {%- set unread -%}
        data_file_id not in (select data_file_id from {{ this }})
        {#- A refresh with nothing new writes nothing here either. -#}
        and (
            exists (select 1 from {{ source('ledger', 'refresh_log') }} where invocation_id = '{{ invocation_id }}')
            or written_in_snapshot in (
                select snapshot_id from {{ source('ducklake', 'ducklake_snapshot_changes') }}
                where commit_message = 'compaction'
            )
        )
    {%- endset -%}
    {%- set found = run_query(
        "select file_path from " ~ ref('lakehouse_files') ~ " where table_schema not in ('ledger', '" ~ this.schema
        ~ "') and " ~ ("true" if is_rebuild() else unread) ~ " order by file_path"
    ) -%}
    {%- do return(found.columns[0].values() | list) -%}
{% endmacro %}
