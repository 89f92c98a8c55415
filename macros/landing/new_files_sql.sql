{% macro new_files_sql(feed, required_columns, takes_logs) %}
    create or replace temporary table {{ new_files_table() }} as
    with delivered as (
        select unnest(
            from_json(
                delivered_files({{ landing_path() }}, '{{ feed }}'),
                '[{"file": "VARCHAR", "path": "VARCHAR", "size_bytes": "BIGINT", "modified_at": "TIMESTAMP"}]'
            ),
            recursive := true
        )
    ),

    known as (
        select
            file,
            max_by(size_bytes, batch_id) as size_bytes,
            max_by(modified_at, batch_id) as modified_at,
            max_by(sha256, batch_id) as sha256,
            max_by(status, batch_id) as status
        from {{ source('ledger', 'landed_files') }}
        where feed = '{{ feed }}'
        group by file
    ),

    -- Size and time say "unchanged" without opening the file; only the others are read.
    suspects as materialized (
        select
            delivered.file,
            delivered.path,
            delivered.size_bytes,
            delivered.modified_at,
            known.sha256 as known_sha256,
            known.status as known_status,
            from_json(
                inspect_file(delivered.path),
                '{"sha256": "VARCHAR", "format": "VARCHAR", "compression": "VARCHAR", "columns": ["VARCHAR"],
                  "types": ["VARCHAR"], "delimiter": "VARCHAR", "is_utf8": "BOOLEAN",
                  "rows_delivered": "BIGINT", "error": "VARCHAR"}'
            ) as facts
        from delivered
        left join known
            on delivered.file = known.file
        where
            (delivered.size_bytes, delivered.modified_at)
            is distinct from (known.size_bytes, known.modified_at)
            -- What could not be opened is tried again: a permission given shows in neither.
            or known.sha256 is null
    ),

    judged as (
        select
            *,
            list_filter(
                {{ required_columns | tojson | replace('"', "'") }},
                lambda wanted: not list_contains(facts.columns, wanted)
                -- A log has no columns: staging takes its lines apart.
                and not (facts.format = 'lines' and {{ takes_logs }})
            ) as missing_columns
        from suspects
        where
            facts.sha256 is distinct from known_sha256
            or known_status is null
    )

    select
        '{{ feed }}' as feed,
        file,
        path,
        size_bytes,
        modified_at,
        facts.sha256 as sha256,
        facts.format as format,
        facts.compression as compression,
        facts.delimiter as delimiter,
        facts.is_utf8 as is_utf8,
        facts.columns as columns,
        facts.types as types,
        facts.rows_delivered as rows_delivered,
        case
            when known_status = 'landed' then 'changed'
            when facts.error is not null or len(missing_columns) > 0 then 'rejected'
            else 'landed'
        end as status,
        coalesce(
            facts.error,
            case
                when len(missing_columns) > 0
                    then 'required columns are missing: ' || array_to_string(missing_columns, ', ')
            end
        ) as reason
    from judged
{% endmacro %}
