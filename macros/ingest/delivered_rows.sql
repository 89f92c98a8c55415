{% macro delivered_rows(required_columns, optional_columns=[]) %}
    {%- set columns = required_columns + optional_columns -%}
    {%- do find_new_files(required_columns, optional_columns) -%}
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
    from {% if is_refresh() %}{{ new_rows_table() }}{% else %}({{ no_rows(columns) }}){% endif %} as delivered
    inner join {{ new_files_table() }} as new_files
        on
            delivered._number = new_files.number
            and new_files.status = 'landed'
{% endmacro %}
