{% test every_row_is_accounted_for(model, feed, kept, set_aside) %}
{#- From the ledger outward: it says what was delivered, so a file of which nothing landed is missed. -#}
{%- set since = 'true' -%}
{%- if '__written_last__' in (config.get('where') or '') -%}
    {%- set since = written_last(api.Relation.create(identifier='land_' ~ feed)) -%}
{%- endif -%}
with delivered as (
    select
        batch_id as batch,
        file,
        rows_delivered
    from {{ source('ledger', 'landed_files') }}
    where
        status = 'landed'
        and feed = '{{ feed }}'
        and {{ since | replace('_batch_id', 'batch_id') }}
),

landed as (
    select
        _batch_id as batch,
        _file as file,
        count(*) as rows_landed
    from {{ model }}
    group by _batch_id, _file
),

files as (
    select
        coalesce(delivered.batch, landed.batch) as batch,
        coalesce(delivered.file, landed.file) as file,
        coalesce(delivered.rows_delivered, 0) as rows_delivered,
        coalesce(landed.rows_landed, 0) as rows_landed
    from delivered
    full join landed
        on
            delivered.batch = landed.batch
            and delivered.file = landed.file
),

-- What became of the landed rows is counted by batch: a fact does not keep the file.
landed_rows as (
    select
        batch,
        sum(rows_landed) as rows_landed
    from files
    group by batch
),

kept as (
    select
        batch,
        count(*) as rows_kept
    from {{ kept }}
    where {{ since | replace('_batch_id', 'batch') }}
    group by batch
),

set_aside as (
    select
        batch,
        count(*) filter (where disposition in ('rejected', 'conflict')) as rows_quarantined,
        count(*) filter (where disposition = 'duplicate') as rows_deduplicated
    from {{ set_aside }}
    where {{ since | replace('_batch_id', 'batch') }}
    group by batch
),

batches as (
    select
        coalesce(landed_rows.batch, kept.batch, set_aside.batch) as batch,
        coalesce(landed_rows.rows_landed, 0) as rows_landed,
        coalesce(kept.rows_kept, 0) as rows_kept,
        coalesce(set_aside.rows_quarantined, 0) as rows_quarantined,
        coalesce(set_aside.rows_deduplicated, 0) as rows_deduplicated
    from landed_rows
    full join kept on landed_rows.batch = kept.batch
    full join set_aside on coalesce(landed_rows.batch, kept.batch) = set_aside.batch
),

final as (
    select
        batch,
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
        batch,
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
