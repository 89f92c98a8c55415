{% macro lake_tables() %}
    {#- Every table of the lake by (schema, name), with its sort columns. -#}
    {%- set found -%}
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
    {%- endset -%}
    {%- set tables = {} -%}
    {%- for row in run_query(found) -%}
        {%- do tables.update({(row[0], row[1]): row[2]}) -%}
    {%- endfor -%}
    {%- do return(tables) -%}
{% endmacro %}
