{% macro data_files_without_chunks() %}
    {#- Files whose footer this model has not read. What the lake writes about itself is left out: it
        would make every refresh write, and the next one write about that. -#}
    {%- if not is_refresh() -%}{%- do return([]) -%}{%- endif -%}
    {%- set found = run_query(
        "select file_path from " ~ ref('lakehouse_files') ~ " where table_schema not in ('ledger', '" ~ this.schema ~ "')"
        ~ ("" if is_rebuild() else " and data_file_id not in (select data_file_id from " ~ this ~ ")")
        ~ " order by file_path"
    ) -%}
    {%- do return(found.columns[0].values() | list) -%}
{% endmacro %}
