-- Timestamps must not be stored as text, counts not as floating-point numbers, days must be dates:
-- with a wrong type neither statistics nor encodings work. Landing keeps text on purpose.
{{ config(tags=['full_check', 'after_compaction', 'layout']) }}

with lake_schemas as (
    select * from {{ source('ducklake', 'ducklake_schema') }}
    where end_snapshot is null and schema_name <> 'landing'
),

lake_tables as (
    select * from {{ source('ducklake', 'ducklake_table') }}
    where end_snapshot is null
),

lake_columns as (
    select * from {{ source('ducklake', 'ducklake_column') }}
    where end_snapshot is null
),

final as (
    select
        lake_schemas.schema_name,
        lake_tables.table_name,
        lake_columns.column_name,
        lake_columns.column_type
    from lake_columns
    inner join lake_tables
        on lake_columns.table_id = lake_tables.table_id
    inner join lake_schemas
        on lake_tables.schema_id = lake_schemas.schema_id
    where
        (
            regexp_matches(lake_columns.column_name, '(_ts|_at|_time)$')
            and lake_columns.column_type = 'varchar'
        )
        or (
            regexp_matches(lake_columns.column_name, '(^dt|_date|_day)$')
            -- `is_last_of_day` and `state_after_day` are no days.
            and lake_columns.column_type not in ('date', 'boolean', 'struct')
        )
        or (
            regexp_matches(lake_columns.column_name, '(_count|_rows|_events|_bytes|^batch_id|_id)$')
            and lake_columns.column_type in ('float32', 'float64')
        )
)

select * from final
