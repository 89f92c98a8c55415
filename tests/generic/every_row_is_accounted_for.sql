{% test every_row_is_accounted_for(model, feed, kept, set_aside) %}
with landed as (
    select
        _batch_id as batch,
        count(*) as rows_landed
    from {{ model }}
    group by _batch_id
),

delivered as (
    select
        batch_id as batch,
        sum(rows_delivered) as rows_delivered
    from {{ source('ledger', 'landed_files') }}
    where
        status = 'landed'
        and feed = '{{ feed }}'
        and batch_id >= (select min(landed.batch) from landed)
    group by batch_id
),

kept as (
    select
        batch,
        count(*) as rows_kept
    from {{ kept }}
    where batch >= (select min(landed.batch) from landed)
    group by batch
),

set_aside as (
    select
        batch,
        count(*) filter (where disposition in ('rejected', 'conflict')) as rows_quarantined,
        count(*) filter (where disposition = 'duplicate') as rows_deduplicated
    from {{ set_aside }}
    where batch >= (select min(landed.batch) from landed)
    group by batch
),

final as (
    select
        landed.batch,
        delivered.rows_delivered,
        landed.rows_landed,
        coalesce(kept.rows_kept, 0) as rows_kept,
        coalesce(set_aside.rows_quarantined, 0) as rows_quarantined,
        coalesce(set_aside.rows_deduplicated, 0) as rows_deduplicated
    from landed
    left join delivered on landed.batch = delivered.batch
    left join kept on landed.batch = kept.batch
    left join set_aside on landed.batch = set_aside.batch
)

select * from final
where
    rows_delivered is distinct from rows_landed
    or rows_landed <> rows_kept + rows_quarantined + rows_deduplicated
{% endtest %}
