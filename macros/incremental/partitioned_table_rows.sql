{% macro partitioned_table_rows() %}
    {#- Rows of every table of the marts whose rows belong to a day, counted by the catalog: no data file is opened. -#}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and 'marts' in node.fqn and table_layout(node.config).partitioned_by -%}
        {%- do names.append("('" ~ node.schema ~ "', '" ~ node.name ~ "')") -%}
    {%- endfor -%}
    with deletions as (
        select
            data_file_id,
            sum(delete_count) as deleted_rows
        from {{ source('ducklake', 'ducklake_delete_file') }}
        where end_snapshot is null
        group by data_file_id
    )

    select
        schemas.schema_name as table_schema,
        tables.table_name,
        coalesce(sum(data_files.record_count - coalesce(deletions.deleted_rows, 0)), 0) as row_count
    from {{ source('ducklake', 'ducklake_table') }} as tables
    inner join {{ source('ducklake', 'ducklake_schema') }} as schemas
        on tables.schema_id = schemas.schema_id
    left join {{ source('ducklake', 'ducklake_data_file') }} as data_files
        on tables.table_id = data_files.table_id and data_files.end_snapshot is null
    left join deletions
        on data_files.data_file_id = deletions.data_file_id
    where
        tables.end_snapshot is null
        and schemas.end_snapshot is null
        and (schemas.schema_name, tables.table_name) in ({{ names | join(', ') or "('', '')" }})
    group by schemas.schema_name, tables.table_name
{% endmacro %}
