-- After a compaction no partition holds more files than its bytes need (plus the spare ones), rows in
-- an old order, or too many deleted ones. Run by `make compact`: between two compactions there is debt.
{{ config(tags=['full_check', 'after_compaction']) }}

select * from {{ ref('compaction_debt') }}
where
    is_due
    -- This check's own run has written there since.
    and table_schema not in ('ledger', 'lakehouse')
