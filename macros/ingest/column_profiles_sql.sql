{% macro column_profiles_sql(feed, batch_id, row_count) %}
    {#- One scan of an even sample of the rows that landing has read. -#}
    {%- set minimum_rows = var('schema_drift_minimum_rows') -%}
    with files as (
        select
            number,
            substr(file, {{ feed | length + 2 }}) as file,
            coalesce(mapping, '') as mapping,
            columns,
            format in ('json', 'jsonl') as has_optional_keys
        from {{ new_files_table() }}
        where status = 'landed'
    ),

    file_columns as (
        select
            mapping,
            column_name,
            bool_or(has_optional_keys) as has_optional_keys,
            to_json(list(file order by file)[:20]) as files
        from (
            select
                * exclude (number, columns),
                unnest(columns) as column_name
            from files
        )
        group by mapping, column_name
    ),

    sampled as materialized (
        select
            files.mapping,
            new_rows.* exclude (_malformed, _raw, _row, _number)
        from {{ new_rows_table() }} as new_rows
        inner join files
            on new_rows._number = files.number
        where
            new_rows._malformed is null
            and hash(new_rows._number, new_rows._row) % {{ 1 + row_count // var('schema_drift_sample_rows') }} = 0
    ),

    row_counts as (
        select
            mapping,
            count(*) as rows_sampled
        from sampled
        group by mapping
    ),

    fields as (
        select
            mapping,
            column_name,
            left({{ blank_to_null('field') }}, 100) as field,
            try_cast(field as double) as number
        from (
            select * from (unpivot (select * exclude (_unknown_columns) from sampled)
            on columns(* exclude (mapping)) into name column_name value field)
            union all
            select
                sampled.mapping,
                unknown.key as column_name,
                unknown.value ->> '$' as field
            from sampled, json_each(sampled._unknown_columns) as unknown
        )
    ),

    measured as (
        select
            mapping,
            column_name,
            count(field) as rows_filled,
            -- 0.95: a few broken values do not change the type.
            case
                when count(field) < 10 then null
                when count(number) >= 0.95 * count(field) then 'number'
                when count(try_cast(field as timestamp)) >= 0.95 * count(field) then 'timestamp'
                when count(*) filter (lower(field) in ('true', 'false')) >= 0.95 * count(field) then 'boolean'
                else 'text'
            end as column_type,
            -- The geometric mean: neither zeros nor one huge value move it.
            case
                when column_type = 'number' and count(field) >= {{ minimum_rows }}
                    then pow(10, avg(log10(abs(nullif(number, 0)))) filter (isfinite(number)))
            end as typical_size,
            -- Values that come back often are members of a list; others are names or ids.
            case
                when
                    column_type in ('text', 'boolean') and count(field) >= {{ minimum_rows }}
                    and count(distinct field) <= 20 and count(field) >= 20 * count(distinct field)
                    then to_json(list(distinct field order by field))
            end as members
        from fields
        where field is not null
        group by mapping, column_name
    )

    select
        '{{ feed }}' as feed,
        file_columns.mapping,
        {{ batch_id }} as batch_id,
        file_columns.column_name,
        file_columns.has_optional_keys,
        file_columns.files,
        coalesce(row_counts.rows_sampled, 0) as rows_sampled,
        coalesce(measured.rows_filled, 0) as rows_filled,
        measured.column_type,
        measured.typical_size,
        measured.members
    from file_columns
    left join row_counts
        on file_columns.mapping = row_counts.mapping
    left join measured
        on file_columns.mapping = measured.mapping and file_columns.column_name = measured.column_name
{% endmacro %}
