{% macro set_options(known, scope, layout) %}
    {#- Options of the whole lake (scope ''), or of one table (scope 'schema.table'). -#}
    {%- set names = {
        'parquet_compression': 'parquet_compression',
        'parquet_version': 'parquet_version',
        'row_group_rows': 'parquet_row_group_size',
        'target_file_bytes': 'target_file_size',
    } -%}
    {%- set of_table = ", schema => '" ~ scope | replace(".", "', table_name => '") ~ "'" if scope else "" -%}
    {%- for line, option in names.items() if line in layout and known.get((scope, option)) != layout[line] | string -%}
        {%- do run_query(
            "call ducklake_set_option('" ~ target.database ~ "', '" ~ option ~ "', '" ~ layout[line]
            ~ ("B'" if line == "target_file_bytes" else "'") ~ of_table ~ ")"
        ) -%}
    {%- endfor -%}
{% endmacro %}
