{% macro outdated_tables_sql(current) %}
    {#- Entries without a fingerprint are older than fingerprints: their logic is unknown. -#}
    select
        refresh_log.model,
        min(refresh_log.batch_id) as first_refresh_id,
        max(refresh_log.batch_id) as last_refresh_id,
        cast(sum(refresh_log.rows_written) as bigint) as rows_written
    from (
        select
            *,
            max(batch_id) filter (first_batch_id = 0) over (partition by model) as rebuilt_in
        from {{ source('ledger', 'refresh_log') }}
    ) as refresh_log
    inner join {{ current }} as current_logic
        on refresh_log.model = current_logic.model
    where
        refresh_log.batch_id >= coalesce(refresh_log.rebuilt_in, 0)
        and refresh_log.logic_fingerprint <> current_logic.logic_fingerprint
    group by refresh_log.model
{% endmacro %}
