with data_files as (
    select * from {{ source('ducklake', 'ducklake_data_file') }}
    where end_snapshot is null
),

delete_files as (
    select * from {{ source('ducklake', 'ducklake_delete_file') }}
    where end_snapshot is null
),

lake_schemas as (
    select * from {{ source('ducklake', 'ducklake_schema') }}
    where end_snapshot is null
),

lake_tables as (
    select * from {{ source('ducklake', 'ducklake_table') }}
    where end_snapshot is null
),

lake_columns as (
    select * from {{ source('ducklake', 'ducklake_column') }}
    where end_snapshot is null
),

partition_columns as (
    select * from {{ source('ducklake', 'ducklake_partition_column') }}
),

partition_values as (
    select * from {{ source('ducklake', 'ducklake_file_partition_value') }}
),

column_stats as (
    select * from {{ source('ducklake', 'ducklake_file_column_stats') }}
),

snapshots as (
    select * from {{ source('ducklake', 'ducklake_snapshot') }}
),

deletions as (
    select
        data_file_id,
        sum(delete_count) as deleted_rows,
        sum(file_size_bytes) as delete_file_bytes
    from delete_files
    group by data_file_id
),

partitions as (
    select
        data_files.data_file_id,
        string_agg(
            lake_columns.column_name || '=' || coalesce(partition_values.partition_value, 'null'),
            '/' order by partition_values.partition_key_index
        ) as partition_name
    from data_files
    inner join partition_values
        on data_files.data_file_id = partition_values.data_file_id
    inner join partition_columns
        on
            data_files.partition_id = partition_columns.partition_id
            and partition_values.partition_key_index = partition_columns.partition_key_index
    inner join lake_columns
        on
            partition_columns.table_id = lake_columns.table_id
            and partition_columns.column_id = lake_columns.column_id
    group by data_files.data_file_id
),

batches as (
    select
        column_stats.data_file_id,
        try_cast(column_stats.min_value as bigint) as first_batch_id,
        try_cast(column_stats.max_value as bigint) as last_batch
    from column_stats
    inner join lake_columns
        on
            column_stats.table_id = lake_columns.table_id
            and column_stats.column_id = lake_columns.column_id
    where lake_columns.column_name = 'batch_id'
),

data_path as (
    -- The current path of the data; the catalog's own entry is from the creation of the lake.
    select data_path
    from ducklake_settings('{{ target.database }}')
),

final as (
    select
        ---------- ids
        data_files.data_file_id,
        lake_schemas.schema_name as table_schema,
        lake_tables.table_name,
        partitions.partition_name,
        case
            when data_files.path_is_relative
                then data_path.data_path || lake_schemas.path || lake_tables.path
            else ''
        end || data_files.path as file_path,

        ---------- measures
        data_files.record_count as row_count,
        coalesce(deletions.deleted_rows, 0) as deleted_rows,
        data_files.file_size_bytes as file_bytes,
        coalesce(deletions.delete_file_bytes, 0) as delete_file_bytes,

        ---------- timestamps
        snapshots.snapshot_time as written_at,

        ---------- metadata
        batches.first_batch_id,
        batches.last_batch,
        data_files.begin_snapshot as written_in_snapshot
    from data_files
    inner join lake_tables
        on data_files.table_id = lake_tables.table_id
    inner join lake_schemas
        on lake_tables.schema_id = lake_schemas.schema_id
    cross join data_path
    left join partitions
        on data_files.data_file_id = partitions.data_file_id
    left join deletions
        on data_files.data_file_id = deletions.data_file_id
    left join batches
        on data_files.data_file_id = batches.data_file_id
    left join snapshots
        on data_files.begin_snapshot = snapshots.snapshot_id
)

select * from final
