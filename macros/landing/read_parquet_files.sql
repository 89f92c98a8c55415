{% macro read_parquet_files(group, columns) %}
    {#- Longer than any name of a column, so that none is the same. -#}
    {%- set path = '_path' ~ '_' * (group.columns | map('length') | max) -%}
        select
            {% for column in columns -%}
                {% if column in group.columns %}cast({{ quoted_name(column) }} as varchar){% else %}null{% endif %} as {{ column }},
            {% endfor -%}
            {{ unknown_columns(group, columns) }} as _unknown_columns,
            null as _malformed,
            null as _raw,
            cast(parse_filename({{ path }}, true) as bigint) as _number,
            file_row_number + 1 as _row
        from read_parquet(
            {{ path_list(group) }},
            filename = '{{ path }}', file_row_number = true, hive_partitioning = false
        )
{% endmacro %}
