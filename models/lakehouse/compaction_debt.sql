with lakehouse_files as (
    select * from {{ ref('lakehouse_files') }}
),

schemas as (
    select * from {{ source('ducklake', 'ducklake_schema') }}
    where end_snapshot is null
),

tables as (
    select * from {{ source('ducklake', 'ducklake_table') }}
    where end_snapshot is null
),

options as (
    select * from {{ source('ducklake', 'ducklake_metadata') }}
    where key = 'target_file_size'
),

sort_orders as (
    select * from {{ source('ducklake', 'ducklake_sort_info') }}
    where end_snapshot is null
),

layouts as (
    select
        schemas.schema_name as table_schema,
        tables.table_name,
        sort_orders.begin_snapshot as sorted_since_snapshot,
        cast(coalesce(of_table.value, of_lake.value) as bigint) as target_file_bytes
    from tables
    inner join schemas
        on tables.schema_id = schemas.schema_id
    left join sort_orders
        on tables.table_id = sort_orders.table_id
    left join options as of_table
        on of_table.scope = 'table' and tables.table_id = of_table.scope_id
    left join options as of_lake
        on of_lake.scope is null
),

partitions as (
    select
        lakehouse_files.table_schema,
        lakehouse_files.table_name,
        lakehouse_files.partition_name,
        any_value(layouts.target_file_bytes) as target_file_bytes,
        count(*) as files,
        count(*) filter (lakehouse_files.file_bytes < layouts.target_file_bytes) as small_files,
        count(*) filter (
            lakehouse_files.written_in_snapshot < layouts.sorted_since_snapshot
        ) as files_in_old_order,
        sum(lakehouse_files.row_count) - sum(lakehouse_files.deleted_rows) as row_count,
        sum(lakehouse_files.deleted_rows) as deleted_rows,
        sum(lakehouse_files.file_bytes) as file_bytes,
        sum(lakehouse_files.file_bytes) filter (
            lakehouse_files.file_bytes < layouts.target_file_bytes
        ) as small_file_bytes,
        -- Tables without deletes, order and partitions only grow: their full files can stay.
        bool_and(
            lakehouse_files.partition_name is null
            and lakehouse_files.deleted_rows = 0
            and layouts.sorted_since_snapshot is null
        ) as grows_only
    from lakehouse_files
    inner join layouts
        on
            lakehouse_files.table_schema = layouts.table_schema
            and lakehouse_files.table_name = layouts.table_name
    group by
        lakehouse_files.table_schema,
        lakehouse_files.table_name,
        lakehouse_files.partition_name
),

judged as (
    select
        *,
        greatest(ceil(file_bytes / target_file_bytes), 1) as files_expected,
        case when grows_only then 'merge' else 'rewrite' end as compaction_method
    from partitions
),

final as (
    select
        ---------- ids
        table_schema,
        table_name,
        partition_name,

        ---------- dimensions
        compaction_method,
        files > files_expected + {{ var('spare_files_per_partition') }}
        or files_in_old_order > 0
        or deleted_rows > {{ var('deleted_share_before_rewrite') }} * (row_count + deleted_rows)
            as is_due,

        ---------- measures
        files,
        small_files,
        files_in_old_order,
        cast(files_expected as bigint) as files_expected,
        row_count,
        deleted_rows,
        file_bytes,
        case compaction_method
            when 'merge' then coalesce(small_file_bytes, 0)
            else file_bytes
        end as bytes_to_rewrite,
        target_file_bytes
    from judged
)

select * from final
