with logic_now as (
    select
        model,
        max_by(logic_fingerprint, noted_at) as logic_fingerprint,
        coalesce(arg_max_null(feeds, noted_at), []) as feeds
    from {{ source('ledger', 'logic_changes') }}
    group by model
),

final as (
    {{ outdated_tables_sql('logic_now') }}
)

select * from final
