{{ config(materialized='view') }}

with quarantined_rows as (
    select * from {{ ref('quarantined_rows') }}
),

reasons as (
    select
        feed,
        batch_id,
        disposition,
        unnest(reasons) as reason,
        file,
        file_row,
        raw
    from quarantined_rows
),

summarised as (
    select
        feed,
        batch_id,
        disposition,
        reason,
        count(*) as row_count,
        min(struct_pack(file := file, file_row := file_row, raw := raw)) as example
    from reasons
    group by feed, batch_id, disposition, reason
),

final as (
    select
        ---------- ids
        feed,
        batch_id,

        ---------- dimensions
        disposition,
        reason,

        ---------- measures
        row_count,

        ---------- metadata
        struct_extract(example, 'file') as example_file,
        struct_extract(example, 'file_row') as example_row,
        struct_extract(example, 'raw') as example_raw
    from summarised
)

select * from final
