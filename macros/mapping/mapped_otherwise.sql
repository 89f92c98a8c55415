{% macro mapped_otherwise(rebuilds, current) %}
    {#- Tables with rows that were read under another mapping of their file than applies now. -#}
    with models as (
        select
            current_logic.model,
            unnest(current_logic.feeds) as feed,
            coalesce(rebuilds.rebuilt_in, 0) as rebuilt_in
        from {{ current }} as current_logic
        left join {{ rebuilds }} as rebuilds
            on current_logic.model = rebuilds.model
    ),

    -- When the model read each file that a mapping has, or had.
    reads as (
        select
            models.model,
            files.feed,
            files.file,
            any_value(files.rows_landed) as rows_landed,
            min(refresh_log.batch_id) as read_in
        from models
        inner join {{ source('ledger', 'landed_files') }} as files
            on
                models.feed = files.feed
                and files.status = 'landed'
        inner join {{ source('ledger', 'refresh_log') }} as refresh_log
            on
                models.model = refresh_log.model
                and refresh_log.batch_id >= greatest(files.batch_id, models.rebuilt_in)
        where models.feed in (select feed from {{ source('ledger', 'mapping_changes') }})
        group by models.model, files.feed, files.file
    ),

    judged as (
        select
            reads.model,
            reads.file,
            reads.read_in,
            reads.rows_landed,
            arg_max_null(changes.fingerprint, changes.noted_at) filter (changes.batch_id <= reads.read_in)
                as fingerprint_then,
            arg_max_null(changes.fingerprint, changes.noted_at) as fingerprint_now
        from reads
        inner join {{ source('ledger', 'mapping_changes') }} as changes
            on
                reads.feed = changes.feed
                and len(list_filter(changes.files, lambda pattern: reads.file glob pattern)) > 0
        group by reads.model, reads.file, reads.read_in, reads.rows_landed, changes.mapping
    )

    select
        model,
        min(read_in) as first_refresh_id,
        max(read_in) as last_refresh_id,
        cast(sum(rows_landed) as bigint) as rows_written
    from judged
    where fingerprint_then is distinct from fingerprint_now
    group by model
{% endmacro %}
