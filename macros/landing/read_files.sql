{% macro read_files(group, columns) %}
    {%- if group.format == 'parquet' -%}
        {{ read_parquet_files(group, columns) }}
    {%- elif group.format == 'csv' -%}
        {{ read_csv_files(group, columns) }}
    {%- elif group.format == 'jsonl' -%}
        {{ read_jsonl_files(group, columns) }}
    {%- else -%}
        {{ read_line_files(group, columns) }}
    {%- endif -%}
{% endmacro %}
