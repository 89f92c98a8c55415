{% macro parquet_footers(files) %}
    {#- One row a column chunk. DuckDB takes the files' names as literals only, and at least one. -#}
    {%- if files -%}
    select * from parquet_metadata([
        {% for file in files -%}
        {{ dbt.string_literal(dbt.escape_single_quotes(file)) }}{{ ',' if not loop.last }}
        {% endfor -%}
    ])
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


{% macro data_files_without_chunks() %}
    {#- Files whose footer this model has not read. What the lake writes about itself is left out: it
        would make every refresh write, and the next one write about that. -#}
    {%- if not is_refresh() -%}{%- do return([]) -%}{%- endif -%}
    {%- set found = run_query(
        "select file from " ~ ref('lakehouse_files') ~ " where table_schema not in ('ledger', '" ~ this.schema ~ "')"
        ~ ("" if is_rebuild() else " and data_file_id not in (select data_file_id from " ~ this ~ ")")
        ~ " order by file"
    ) -%}
    {%- do return(found.columns[0].values() | list) -%}
{% endmacro %}
