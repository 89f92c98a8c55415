-- After a compaction no partition has more files than its bytes need (plus the spare ones), rows in
-- an old order, or too many deleted rows. Between two compactions debt is normal: a warning.
{{ config(tags=['full_check', 'after_compaction', 'layout'], severity='warn') }}

select
    table_schema,
    table_name,
    partition_name,
    files,
    files_expected,
    files_in_old_order,
    deleted_rows
from {{ ref('compaction_debt') }}
where
    is_due
    -- This test's own run has written to these schemas since.
    and table_schema not in ('ledger', 'lakehouse')
