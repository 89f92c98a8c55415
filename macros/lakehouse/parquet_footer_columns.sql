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
