with schema_changes as (
    select * from {{ source('ledger', 'schema_changes') }}
),

final as (
    select
        ---------- ids
        feed,
        batch_id,
        mapping,
        column_name,

        ---------- dimensions
        change,
        value_before,
        value_after,
        cast(cast(files as json) as varchar[]) as files,
        message
    from schema_changes
)

select * from final
