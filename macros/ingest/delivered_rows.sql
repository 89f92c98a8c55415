{% macro delivered_rows(required_columns, optional_columns=[]) %}
    {#- Parquet files differ in columns and types, so there is one select per group of files that
        are read alike. -#}
    {%- set columns = required_columns + optional_columns -%}
    {%- set groups = find_new_files(required_columns, optional_columns) -%}
    select
        {% for column in columns -%}
            delivered.{{ column }},
        {% endfor -%}
        delivered._unknown_columns,
        delivered._malformed,
        delivered._raw,
        cast({{ current_batch_id() }} as bigint) as batch_id,
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

{% macro no_rows(columns) %}
    {#- Names and types of delivered rows, so that a refresh without new files also has columns. -#}
    select
        {% for column in columns + ['_unknown_columns', '_malformed', '_raw'] -%}
            cast(null as varchar) as {{ column }},
        {% endfor -%}
        cast(null as bigint) as _number,
        cast(null as bigint) as _row
    where false
{% endmacro %}
