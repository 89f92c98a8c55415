-- After a compaction no partition holds more files than its bytes need (and the spare ones), rows
-- in an old order, or too many deleted ones. Between two there may be debt: a warning.
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
    -- This check's own run has written there since.
    and table_schema not in ('ledger', 'lakehouse')
