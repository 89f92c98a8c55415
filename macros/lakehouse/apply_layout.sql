{% macro apply_layout() %}
    {#- At the start of a run: what the project says of the layout and the lake does not say yet. Nothing
        is written when both agree. Files that are there keep their form until compaction rewrites them. -#}
    {%- if not is_refresh() -%}{%- do return('') -%}{%- endif -%}
    {%- set known = {} -%}
    {%- for row in run_query(
        "select scope_entry, option_name, value from ducklake_options('" ~ target.database ~ "')"
    ) -%}
        {%- do known.update({(row[0] or '', row[1]): row[2] | lower | replace('v', '')}) -%}
    {%- endfor -%}
    {%- do set_options(known, '', var('layout')) -%}

    {%- set tables = {} -%}
    {%- for row in run_query(lake_tables_sql()) -%}
        {%- do tables.update({(row[0], row[1]): row[2]}) -%}
    {%- endfor -%}
    {%- for node in graph.nodes.values() if (node.schema, node.name) in tables -%}
        {%- set layout = table_layout(node.config) -%}
        {%- set relation = api.Relation.create(database=node.database, schema=node.schema, identifier=node.name) -%}
        {%- do set_options(known, node.schema ~ '.' ~ node.name, (node.config.meta or {}).get('layout') or {}) -%}
        {%- if sort_keys(layout) | join(', ') != (tables[(node.schema, node.name)] or '') -%}
            {%- do run_query(
                "alter table " ~ relation ~ (
                    " set sorted by (" ~ sort_keys(layout) | join(", ") ~ ")" if sort_keys(layout)
                    else " reset sorted by"
                )
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


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


{% macro lake_tables_sql() %}
    {#- Every table of the lake with the columns that it is sorted by. -#}
    select
        schemas.schema_name,
        tables.table_name,
        string_agg(sort_keys.expression, ', ' order by sort_keys.sort_key_index) as sorted_by
    from {{ source('ducklake', 'ducklake_table') }} as tables
    inner join {{ source('ducklake', 'ducklake_schema') }} as schemas
        on tables.schema_id = schemas.schema_id
    left join {{ source('ducklake', 'ducklake_sort_info') }} as sort_info
        on tables.table_id = sort_info.table_id and sort_info.end_snapshot is null
    left join {{ source('ducklake', 'ducklake_sort_expression') }} as sort_keys
        on sort_info.sort_id = sort_keys.sort_id
    where tables.end_snapshot is null and schemas.end_snapshot is null
    group by schemas.schema_name, tables.table_name
{% endmacro %}


{% macro sort_keys(layout) %}
    {#- DuckLake sorts by these on every insert, so a table on a curve, which has an order of its own,
        must not have any. -#}
    {%- do return(layout.sorted_by if layout.clustering == 'sort' else []) -%}
{% endmacro %}
