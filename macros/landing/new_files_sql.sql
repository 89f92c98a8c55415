{% macro new_files_sql(feed, required_columns, optional_columns=[]) %}
    {%- set columns = required_columns + optional_columns -%}
    {%- set options = {
        'columns': columns,
        'longest_line_bytes': var('longest_line_bytes'),
        'most_rows_per_file': var('most_rows_per_file'),
        'highest_expansion': var('highest_expansion'),
    } -%}
    create or replace temporary table {{ new_files_table() }} as
    -- A file that was not seen before, or looks different now, is read: once.
    with taken as materialized (
        select
            *,
            from_json(
                take_file(
                    '{{ feed }}', number, path, coalesce(problem, ''), to_json(known_sha256s), '{{ options | tojson }}'
                ),
                '{"sha256": "VARCHAR", "format": "VARCHAR", "columns": ["VARCHAR"], "types": ["VARCHAR"],
                  "delimiter": "VARCHAR", "copy": "VARCHAR", "rows_delivered": "BIGINT", "error": "VARCHAR"}'
            ) as facts
        from {{ delivered_files_table() }}
        where known_status is null
    ),

    judged as (
        select
            *,
            facts.sha256 as sha256,
            {{ columns | tojson | replace('"', "'") }} as known_columns,
            case
                when facts.error is not null then facts.error
                when has_landed
                    then
                        'its content has changed under its name, and a file lands once: put the file back as it'
                        || ' was, or deliver what is new under another name (rows that come again count once)'
                -- A log has no columns: staging takes its lines apart.
                when not (facts.format = 'lines' and {{ 'line' in columns }})
                    then
                        'required columns are missing: ' || nullif(array_to_string(list_filter(
                            {{ required_columns | tojson | replace('"', "'") }},
                            lambda wanted: not list_contains(facts.columns, wanted)
                        ), ', '), '')
            end as reason
        from taken
    ),

    -- The same content is judged once; so is what could not be read, as long as the reason is the same.
    new as (
        select * from judged
        where
            not exists (
                select 1
                from {{ source('ledger', 'landed_files') }} as entries
                where
                    entries.feed = '{{ feed }}'
                    and entries.file = judged.file
                    and entries.sha256 is not distinct from judged.sha256
                    and (judged.sha256 is not null or entries.reason = judged.reason)
            )
    )

    select
        '{{ feed }}' as feed,
        number,
        file,
        size_bytes,
        modified_at,
        sha256,
        facts.format as format,
        facts.delimiter as delimiter,
        facts.columns as columns,
        facts.types as types,
        facts.copy as copy,
        facts.rows_delivered as rows_delivered,
        case when reason is null then 'landed' else 'rejected' end as status,
        reason,
        list_transform(known_columns, lambda name: list_position(facts.columns, name)) as positions,
        list_filter(facts.columns, lambda name: not list_contains(known_columns, name)) as unknown_names,
        list_transform(unknown_names, lambda name: list_position(facts.columns, name)) as unknown_positions,
        case when len(unknown_names) = 0 then facts.columns end as expected_keys
    from new
{% endmacro %}
