{% test every_row_is_accounted_for(model, feed, kept, quarantined) %}
{#- Starts from the ledger, which records every delivery, so that a file of which no row landed is
    noticed. -#}
{%- set since = 'true' -%}
{%- if '__last_written__' in (config.get('where') or '') -%}
    {%- set since = last_written(api.Relation.create(identifier='land_' ~ feed)) -%}
{%- endif -%}
with moved as (
    select
        feed,
        batch_id,
        file,
        rows_delivered
    from {{ source('ledger', 'landed_files') }}
    where status = 'landed'
    union all
    -- A replay takes rows of a file from one batch into another.
    select
        feed,
        batch_id,
        file,
        row_count as rows_delivered
    from {{ source('ledger', 'replays') }}
    union all
    select
        feed,
        from_batch_id as batch_id,
        file,
        -row_count as rows_delivered
    from {{ source('ledger', 'replays') }}
),

delivered as (
    select
        batch_id,
        file,
        sum(rows_delivered) as rows_delivered
    from moved
    where
        feed = '{{ feed }}'
        and {{ since }}
    group by batch_id, file
),

landed as (
    select
        batch_id,
        _file as file,
        count(*) as rows_landed
    from {{ model }}
    group by batch_id, _file
),

files as (
    select
        coalesce(delivered.batch_id, landed.batch_id) as batch_id,
        coalesce(delivered.file, landed.file) as file,
        coalesce(delivered.rows_delivered, 0) as rows_delivered,
        coalesce(landed.rows_landed, 0) as rows_landed
    from delivered
    full join landed
        on
            delivered.batch_id = landed.batch_id
            and delivered.file = landed.file
),

-- Rows are counted by batch after landing, because a fact does not store the file.
landed_rows as (
    select
        batch_id,
        sum(rows_landed) as rows_landed
    from files
    group by batch_id
),

kept as (
    select
        batch_id,
        count(*) as rows_kept
    from {{ kept }}
    where {{ since }}
    group by batch_id
),

quarantined as (
    select
        batch_id,
        count(*) filter (where disposition in ('rejected', 'conflict')) as rows_quarantined,
        count(*) filter (where disposition = 'duplicate') as rows_deduplicated
    from {{ quarantined }}
    where {{ since }}
    group by batch_id
),

batches as (
    select
        coalesce(landed_rows.batch_id, kept.batch_id, quarantined.batch_id) as batch_id,
        coalesce(landed_rows.rows_landed, 0) as rows_landed,
        coalesce(kept.rows_kept, 0) as rows_kept,
        coalesce(quarantined.rows_quarantined, 0) as rows_quarantined,
        coalesce(quarantined.rows_deduplicated, 0) as rows_deduplicated
    from landed_rows
    full join kept on landed_rows.batch_id = kept.batch_id
    full join quarantined on coalesce(landed_rows.batch_id, kept.batch_id) = quarantined.batch_id
),

final as (
    select
        batch_id,
        file,
        rows_delivered,
        rows_landed,
        null as rows_kept,
        null as rows_quarantined,
        null as rows_deduplicated
    from files
    where rows_delivered <> rows_landed
    union all
    select
        batch_id,
        null as file,
        null as rows_delivered,
        rows_landed,
        rows_kept,
        rows_quarantined,
        rows_deduplicated
    from batches
    where rows_landed <> rows_kept + rows_quarantined + rows_deduplicated
)

select * from final
{% endtest %}
