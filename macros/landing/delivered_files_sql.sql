{% macro delivered_files_sql(feed) %}
    create or replace temporary table {{ delivered_files_table() }} as
    with delivered as (
        select unnest(
            from_json(
                delivered_files({{ landing_path() }}, '{{ feed }}', {{ var('follow_links_out_of_landing') }}),
                '[{"file": "VARCHAR", "path": "VARCHAR", "size_bytes": "BIGINT", "modified_at": "TIMESTAMP",
                   "problem": "VARCHAR"}]'
            ),
            recursive := true
        )
    ),

    entries as (
        select * from {{ source('ledger', 'landed_files') }}
        where feed = '{{ feed }}'
    ),

    known as (
        select
            file,
            bool_or(status = 'landed') as has_landed,
            list(sha256) filter (sha256 is not null) as sha256s
        from entries
        group by file
    ),

    -- Size and time say "seen before" without opening the file.
    seen as (
        select
            file,
            size_bytes,
            modified_at,
            max_by(status, batch_id) as status,
            max_by(reason, batch_id) as reason
        from entries
        -- What could not be read to its end is tried again: a permission given shows in neither.
        where sha256 is not null
        group by file, size_bytes, modified_at
    )

    select
        delivered.*,
        row_number() over (order by delivered.file) as number,
        coalesce(known.has_landed, false) as has_landed,
        coalesce(known.sha256s, []) as known_sha256s,
        seen.status as known_status,
        seen.reason as known_reason
    from delivered
    left join known
        on delivered.file = known.file
    left join seen
        on
            delivered.file = seen.file
            and delivered.size_bytes = seen.size_bytes
            and delivered.modified_at is not distinct from seen.modified_at
{% endmacro %}
