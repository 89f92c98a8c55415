{% macro outdated_tables_sql(current) %}
    {#- Entries without a fingerprint are older than fingerprints: their logic is unknown. -#}
    {%- set rebuilds -%}
    (
        select
            model,
            max(batch_id) filter (first_batch_id = 0) as rebuilt_in
        from {{ source('ledger', 'refresh_log') }}
        group by model
    )
    {%- endset %}
    select
        model,
        min(first_refresh_id) as first_refresh_id,
        max(last_refresh_id) as last_refresh_id,
        cast(max(rows_written) as bigint) as rows_written
    from (
        select
            refresh_log.model,
            min(refresh_log.batch_id) as first_refresh_id,
            max(refresh_log.batch_id) as last_refresh_id,
            sum(refresh_log.rows_written) as rows_written
        from {{ source('ledger', 'refresh_log') }} as refresh_log
        inner join {{ rebuilds }} as rebuilds
            on refresh_log.model = rebuilds.model
        inner join {{ current }} as current_logic
            on refresh_log.model = current_logic.model
        where
            refresh_log.batch_id >= coalesce(rebuilds.rebuilt_in, 0)
            and refresh_log.logic_fingerprint <> current_logic.logic_fingerprint
        group by refresh_log.model
        union all
        select * from ({{ mapped_otherwise(rebuilds, current) }})
    )
    group by model
{% endmacro %}
