{% macro read_parquet_files(group, columns) %}
        select
            {% for column in columns -%}
                {% if column in group.columns %}cast({{ quoted_name(column) }} as varchar){% else %}null{% endif %} as {{ column }},
            {% endfor -%}
            {{ unknown_columns(group, columns) }} as _unknown_columns,
            null as _malformed,
            null as _raw,
            _path_of_file as _path,
            file_row_number + 1 as _row
        from read_parquet(
            {{ path_list(group) }},
            filename = '_path_of_file', file_row_number = true, hive_partitioning = false
        )
{% endmacro %}
