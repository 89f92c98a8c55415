-- Data files never change, so each footer is read once. Files of a table that is not named here may
-- be seen only by the next refresh that writes.
-- depends_on: {{ ref('fact_watch_events') }}
-- depends_on: {{ ref('daily_user_metrics') }}
-- depends_on: {{ ref('daily_title_metrics') }}
-- depends_on: {{ ref('quarantine_watch_events') }}
{{ config(
    materialized='incremental',
    post_hook="{{ drop_removed_files() }}",
) }}

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

live_columns as (
    select * from {{ source('ducklake', 'ducklake_column') }}
    where end_snapshot is null and parent_column is null
),

lake_columns as (
    select
        schemas.schema_name as table_schema,
        tables.table_name,
        live_columns.column_name,
        live_columns.column_type
    from live_columns
    inner join tables
        on live_columns.table_id = tables.table_id
    inner join schemas
        on tables.schema_id = schemas.schema_id
),

footers as (
    {{ parquet_footers(data_files_without_chunks()) }}
),

final as (
    select
        ---------- ids
        lakehouse_files.data_file_id,
        footers.row_group_id,
        lakehouse_files.table_schema,
        lakehouse_files.table_name,
        lakehouse_files.partition_name,
        footers.path_in_schema as column_name,

        ---------- dimensions
        lake_columns.column_type,
        footers.encodings as page_encoding,
        footers.compression,

        ---------- measures
        footers.row_group_num_rows as row_count,
        footers.stats_null_count as null_count,
        footers.stats_distinct_count as distinct_count,
        footers.total_compressed_size as compressed_bytes,
        footers.total_uncompressed_size as uncompressed_bytes,
        coalesce(footers.bloom_filter_length, 0) as bloom_filter_bytes,
        footers.stats_min_value as min_value,
        footers.stats_max_value as max_value
    from footers
    inner join lakehouse_files
        on footers.file_name = lakehouse_files.file_path
    left join lake_columns
        on
            lakehouse_files.table_schema = lake_columns.table_schema
            and lakehouse_files.table_name = lake_columns.table_name
            and footers.path_in_schema = lake_columns.column_name
)

select * from final
