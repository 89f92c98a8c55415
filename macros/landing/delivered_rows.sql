{% macro delivered_rows(required_columns, optional_columns=[]) %}
    {#- Parquet files differ in columns and types, so one select a group of files that are read alike. -#}
    {%- set columns = required_columns + optional_columns -%}
    {%- set groups = find_new_files(required_columns, optional_columns) -%}
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
        on
            delivered._number = new_files.number
            and new_files.status = 'landed'
{% endmacro %}
