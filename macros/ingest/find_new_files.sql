{% macro find_new_files(required_columns, optional_columns=[]) %}
    {%- if not is_refresh() -%}
        {%- if execute and flags.EMPTY -%}
            {%- do run_query(
                "create or replace temporary table " ~ new_files_table()
                ~ " (number bigint, file varchar, status varchar)"
            ) -%}
        {%- endif -%}
        {%- do return([]) -%}
    {%- endif -%}
    {%- set feed = feed_name() -%}
    {%- do reject_mixed_sample(feed) -%}

    {%- set left_behind = run_query("select clear_taken('" ~ feed ~ "')").rows[0][0] -%}
    {%- if left_behind -%}
        {%- do log(
            "Feed " ~ feed ~ ": an earlier refresh stopped while it landed " ~ left_behind
            ~ ". If this one stops too, move these files away and deliver them again one by one.", info=true
        ) -%}
    {%- endif -%}
    {%- do run_query(delivered_files_sql(feed)) -%}
    {%- do run_query(new_files_sql(feed, required_columns, optional_columns)) -%}

    {%- for file in run_query(
        "select file, reason from " ~ new_files_table() ~ " where status = 'rejected' order by file"
    ) -%}
        {%- do log("Rejected file " ~ file[0] ~ ": " ~ file[1], info=true) -%}
    {%- endfor -%}
    {#- What has changed under its name is mentioned on every refresh, until somebody has decided. -#}
    {%- for file in run_query(
        "select file, known_reason from " ~ delivered_files_table()
        ~ " where known_status = 'rejected' and has_landed order by file"
    ) -%}
        {%- do log("Still rejected file " ~ file[0] ~ ": " ~ file[1], info=true) -%}
    {%- endfor -%}
    {%- set groups = [] -%}
    {%- for group in run_query(
        "select format, delimiter, to_json(any_value(columns)), to_json(list(distinct copy order by copy)) from "
        ~ new_files_table() ~ " where status = 'landed' and copy is not null"
        ~ " group by format, delimiter, case when format = 'parquet' then [columns, types] end order by all"
    ) -%}
        {%- do groups.append({
            "format": group[0],
            "delimiter": group[1],
            "columns": fromjson(group[2]),
            "paths": fromjson(group[3]),
        }) -%}
    {%- endfor -%}
    {%- do return(groups) -%}
{% endmacro %}

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

{% macro delivered_files_table() %}
    {%- do return('temp.main.delivered_files__' ~ feed_name()) -%}
{% endmacro %}

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

{% macro reject_mixed_sample(feed) %}
    {#- Sample rows in somebody's own figures would be wrong and hard to see. -#}
    {%- set other = run_query(
        "select distinct landing_path from " ~ source('ledger', 'landed_files') ~ " where feed = '" ~ feed ~ "'"
        ~ " and (landing_path = 'seeds/sample') <> (" ~ landing_path() ~ " = 'seeds/sample')"
    ) -%}
    {%- if other | length > 0 -%}
        {%- do exceptions.raise_compiler_error(
            "This lake holds data from " ~ other.columns[0].values() | join(", ") ~ ", but landing_path is now "
            ~ var('landing_path') ~ ". The sample and your own data cannot share a lake: choose another lake"
            ~ " (environment variable REELHOUSE_LAKE), or delete this one with `make clean`."
        ) -%}
    {%- endif -%}
{% endmacro %}
