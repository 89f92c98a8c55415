{% macro parquet_footers(files) %}
    {#- One row per column chunk. DuckDB accepts file names as literals only, and at least one. -#}
    {%- if files -%}
    select * from parquet_metadata({{ path_list({'paths': files}) }})
    {%- else -%}
    select
        {% for name, type in parquet_footer_columns().items() -%}
        cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {% endfor -%}
    where false
    {%- endif -%}
{% endmacro %}

{% macro parquet_footer_columns() %}
    {%- do return({
        'file_name': 'varchar',
        'row_group_id': 'bigint',
        'row_group_num_rows': 'bigint',
        'path_in_schema': 'varchar',
        'encodings': 'varchar',
        'compression': 'varchar',
        'stats_null_count': 'bigint',
        'stats_distinct_count': 'bigint',
        'total_compressed_size': 'bigint',
        'total_uncompressed_size': 'bigint',
        'bloom_filter_length': 'bigint',
        'stats_min_value': 'varchar',
        'stats_max_value': 'varchar',
    }) -%}
{% endmacro %}
