{% macro delivered_rows(required_columns, optional_columns=[]) %}
    {#- Columns of the file groups differ, so one select a group of files that are read alike. -#}
    {%- set columns = required_columns + optional_columns -%}
    {%- set groups = find_new_files(required_columns, takes_logs='line' in columns) -%}
    select
        {% for column in columns -%}
            delivered.{{ column }},
        {% endfor -%}
        delivered._unknown_columns,
        delivered._malformed,
        delivered._raw,
        cast({{ refresh_id() }} as bigint) as _batch_id,
        new_files.file as _file,
        delivered._row,
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp) as _delivered_at
    from (
        {{ no_rows(columns) }}
        {%- for group in groups %}
        union all
        {{ read_files(group, columns) }}
        {%- endfor %}
    ) as delivered
    inner join {{ new_files_table() }} as new_files
        on delivered._path = new_files.path
{% endmacro %}
