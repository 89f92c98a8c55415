with refresh_log as (
    select * from {{ source('ledger', 'refresh_log') }}
),

snapshot_changes as (
    select * from {{ source('ducklake', 'ducklake_snapshot_changes') }}
    where commit_message = 'refresh'
),

tables as (
    select * from {{ source('ducklake', 'ducklake_table') }}
),

data_files as (
    select * from {{ source('ducklake', 'ducklake_data_file') }}
),

refreshes as (
    select
        snapshot_id,
        cast(commit_extra_info ->> 'batch_id' as bigint) as batch_id,
        commit_extra_info ->> 'model' as model_name
    from snapshot_changes
),

files_written as (
    select
        refreshes.batch_id,
        refreshes.model_name,
        count(*) as files_written,
        sum(data_files.file_size_bytes) as bytes_written
    from refreshes
    inner join data_files
        on refreshes.snapshot_id = data_files.begin_snapshot
    inner join tables
        on
            data_files.table_id = tables.table_id
            and refreshes.model_name = tables.table_name
    group by refreshes.batch_id, refreshes.model_name
),

final as (
    select
        ---------- ids
        refresh_log.batch_id,
        refresh_log.model,

        ---------- dimensions
        refresh_log.mode,

        ---------- measures
        refresh_log.rows_written,
        refresh_log.rows_deleted,
        refresh_log.partitions_affected,
        files_written.files_written,
        files_written.bytes_written,
        refresh_log.seconds,

        ---------- timestamps
        refresh_log.started_at,

        ---------- metadata
        refresh_log.first_batch_id,
        refresh_log.invocation_id
    from refresh_log
    left join files_written
        on
            refresh_log.batch_id = files_written.batch_id
            and refresh_log.model = files_written.model_name
)

select * from final
