{% macro find_new_files(required_columns, optional_columns=[]) %}
    {%- if not is_refresh() -%}
        {%- if execute and flags.EMPTY -%}
            {%- do run_query(
                "create or replace table " ~ new_files_table() ~ " (number bigint, file varchar, status varchar)"
            ) -%}
        {%- endif -%}
        {%- do return('') -%}
    {%- endif -%}
    {%- set feed = feed_name() -%}
    {%- set mappings = feed_mappings(feed) -%}

    {%- set left_behind = run_query("select clear_taken('" ~ feed ~ "')").rows[0][0] -%}
    {%- if left_behind -%}
        {%- do log(
            "Feed " ~ feed ~ ": an earlier refresh stopped while it landed " ~ left_behind
            ~ ". If this one stops too, move these files away and deliver them again one by one.", info=true
        ) -%}
    {%- endif -%}
    {%- do run_query(delivered_files_sql(feed, mappings)) -%}
    {%- set names = [] -%}
    {%- for row in run_query(
        "select distinct mapping from " ~ delivered_files_table()
        ~ " where known_status is null and mapping is not null order by mapping"
    ) -%}
        {%- do names.append(row[0]) -%}
    {%- endfor -%}
    {%- set mappings = feed_mappings(feed, names) -%}
    {%- do run_query(new_files_sql(feed, required_columns, optional_columns, mappings)) -%}
    {%- do read_new_rows(required_columns + optional_columns) -%}

    {%- set rejected = "select file, reason from " ~ new_files_table() ~ " where status = 'rejected' order by file" -%}
    {%- set files = run_query(rejected).rows -%}
    {%- if 'required columns are missing' in files | map(attribute=1) | join -%}
        {%- do run_query(name_renamed_columns(required_columns, optional_columns)) -%}
        {%- set files = run_query(rejected).rows -%}
    {%- endif -%}
    {%- for file in files -%}
        {%- do log("Rejected file " ~ file[0] ~ ": " ~ file[1], info=true) -%}
    {%- endfor -%}
    {#- A landed file with other content is reported on every refresh until it is resolved. -#}
    {%- for file in run_query(
        "select file, known_reason from " ~ delivered_files_table()
        ~ " where known_status = 'rejected' and has_landed order by file"
    ) -%}
        {%- do log("Still rejected file " ~ file[0] ~ ": " ~ file[1], info=true) -%}
    {%- endfor -%}
{% endmacro %}

{% macro read_new_rows(columns) %}
    {#- Parquet files differ in columns and types, so one statement a group of files that are read alike. -#}
    {%- do run_query("create or replace table " ~ new_rows_table() ~ " as " ~ no_rows(columns)) -%}
    {%- set groups = [] -%}
    {%- for group in run_query(
        "select format, delimiter, to_json(any_value(columns)),"
        ~ " to_json(list({'number': number, 'path': copy} order by number)) from "
        ~ new_files_table() ~ " where status = 'landed' and copy is not null"
        ~ " group by format, delimiter, case when format = 'parquet' then [columns, types] end order by all"
    ) -%}
        {%- set group = {"format": group[0], "delimiter": group[1], "columns": fromjson(group[2]), "files": group[3]} -%}
        {%- do groups.append({
            "statement": "insert into " ~ new_rows_table() ~ " " ~ read_files(group, columns),
            "files": fromjson(group.files),
        }) -%}
    {%- endfor -%}
    {%- if groups -%}
        {#- Not a SQL function: DuckDB runs a query within a function on one thread, while another waits busily. -#}
        {%- do adapter.store_relation('lake_files', this, [], '', '', {'groups': groups}) -%}
        {%- do run_query(reject_unreadable_sql(run_query("select unreadable_files()").rows[0][0])) -%}
    {%- endif -%}
{% endmacro %}

{% macro reject_unreadable_sql(unreadable) %}
    {#- Those that failed, and those whose rows are fewer or more than their own footer says. -#}
    update {{ new_files_table() }} as new_files
    set
        status = 'rejected',
        reason = unreadable.reason,
        rows_delivered = 0
    from (
        select unnest(
            from_json(
                {{ dbt.string_literal(dbt.escape_single_quotes(unreadable)) }},
                '[{"number": "BIGINT", "reason": "VARCHAR"}]'
            ),
            recursive := true
        )
        union all by name
        select
            files.number,
            'unreadable: its footer counts ' || files.rows_delivered || ' rows, and it has ' || count(found._number) as reason
        from {{ new_files_table() }} as files
        left join {{ new_rows_table() }} as found
            on files.number = found._number
        where files.status = 'landed'
        group by files.number, files.rows_delivered
        having count(found._number) <> files.rows_delivered
    ) as unreadable
    where new_files.number = unreadable.number
{% endmacro %}

{% macro delivered_files_sql(feed, mappings=[]) %}
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
        select
            *,
            {{ is_rejected_for_columns(mappings) }} as is_tried_again
        from {{ source('ledger', 'landed_files') }}
        where feed = '{{ feed }}'
    ),

    known as (
        select
            file,
            bool_or(status = 'landed') as has_landed,
            list(sha256) filter (sha256 is not null and not is_tried_again) as sha256s
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
        where sha256 is not null and not is_tried_again
        group by file, size_bytes, modified_at
    )

    select
        delivered.*,
        row_number() over (order by delivered.file) as number,
        {{ mapping_of(mappings, 'delivered.file') }} as mapping,
        {{ own_mappings_of(mappings, 'delivered.file') }} as own_mappings,
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

{% macro read_options(options, mappings) -%}
    {#- A key that is null is none. -#}
    cast(json_merge_patch('{{ options | tojson }}', case
        {% for mapping in mappings if mapping.reading -%}
        when mapping = '{{ mapping.name }}' then {{ text_list([mapping.reading | tojson]) }}
        {% endfor -%}
        when true then '{}'
    end) as varchar)
{%- endmacro %}

{% macro is_rejected_for_columns(mappings) -%}
    {#- A mapping that is new, or was corrected, can supply what a file was rejected for. -#}
    status = 'rejected'
    and (contains(reason, 'the mapping ') or (
        starts_with(reason, 'required columns are missing') and {{ mapping_of(mappings, 'file') }} is not null
    ))
{%- endmacro %}

{% macro own_mappings_of(mappings, file) -%}
    list_filter(cast([
        {%- for mapping in mappings if mapping.is_own %}
        {{ mapping_of([mapping], file) }}{{ ',' if not loop.last }}
        {%- endfor %}
    ] as varchar[]), lambda name: name is not null)
{%- endmacro %}

{% macro list_of_mapping(mappings, key) -%}
    case
        {% for mapping in mappings -%}
        when mapping = '{{ mapping.name }}' then cast([{{ text_list(mapping[key]) }}] as varchar[])
        {% endfor -%}
        when true then cast([] as varchar[])
    end
{%- endmacro %}

{% macro delivered_files_table() %}
    {%- do return('temp.main.delivered_files__' ~ feed_name()) -%}
{% endmacro %}

{% macro new_files_sql(feed, required_columns, optional_columns=[], mappings=[]) %}
    {%- set columns = required_columns + optional_columns -%}
    {%- set options = {
        'columns': columns,
        'longest_line_bytes': var('longest_line_bytes'),
        'most_rows_per_file': var('most_rows_per_file'),
        'highest_expansion': var('highest_expansion'),
    } -%}
    create or replace table {{ new_files_table() }} as
    -- A file that was not seen before, or looks different now, is read: once.
    with taken as materialized (
        select
            *,
            from_json(
                take_file(
                    '{{ feed }}', number, path, coalesce(problem, ''), to_json(known_sha256s),
                    {{ read_options(options, mappings) }}
                ),
                '{"sha256": "VARCHAR", "size_bytes": "BIGINT", "modified_at": "TIMESTAMP", "format": "VARCHAR",
                  "columns": ["VARCHAR"], "types": ["VARCHAR"], "delimiter": "VARCHAR", "copy": "VARCHAR",
                  "rows_delivered": "BIGINT", "error": "VARCHAR"}'
            ) as facts
        from {{ delivered_files_table() }}
        where known_status is null
    ),

    judged as (
        select
            *,
            facts.sha256 as sha256,
            {{ columns | tojson | replace('"', "'") }} as known_columns,
            {{ list_of_mapping(mappings, 'columns') }} as supplied,
            {{ list_of_mapping(mappings, 'needed') }} as needed,
            case
                when facts.error is not null then facts.error
                when has_landed
                    then
                        'its content has changed under its name, and a file lands once: put the file back as it'
                        || ' was, or deliver what is new under another name (rows that come again count once)'
                when len(own_mappings) > 1
                    then
                        'the mapping is not clear: ' || array_to_string(own_mappings, ' and ')
                        || ' match it; make their patterns differ'
                -- A log has no columns: staging takes its lines apart.
                when not (facts.format = 'lines' and {{ 'line' in columns }})
                    then coalesce(
                        'the mapping ' || mapping || ' reads columns that the file does not have: '
                        || {{ names_missing('needed', 'facts.columns') }},
                        'required columns are missing: '
                        || {{ names_missing(required_columns | tojson | replace('"', "'"), 'list_concat(facts.columns, supplied)') }}
                        || coalesce(
                            '; the mapping ' || mapping || ' does not supply them',
                            '; if they have other names, `reelhouse inspect` proposes a mapping'
                        )
                    )
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
                    and (
                        (judged.sha256 is not null and not ({{ is_rejected_for_columns(mappings) }}))
                        or entries.reason = judged.reason
                    )
            )
    )

    select
        '{{ feed }}' as feed,
        number,
        file,
        mapping,
        -- Of what was read; of what was listed if it could not be opened.
        coalesce(facts.size_bytes, size_bytes) as size_bytes,
        coalesce(facts.modified_at, modified_at) as modified_at,
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

{% macro names_missing(wanted, found) -%}
    {#- Null when none is. -#}
    nullif(array_to_string(list_filter(
        {{ wanted }}, lambda name: not list_contains({{ found }}, name)
    ), ', '), '')
{%- endmacro %}
