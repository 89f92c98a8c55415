{% macro name_renamed_columns(required_columns, optional_columns=[]) %}
    {#- Names the mapping to add for a file that lacks required columns of all files before, and has as many that
        none of them had. A mapping in JSON is one in YAML. -#}
    {%- set feed = feed_name() -%}
    update {{ new_files_table() }} as new_files
    set reason = reason || '. ' || renamed.advice
    from (
        with before as (
            select coalesce(list_distinct(flatten(list(columns))), []) as names
            from {{ source('ledger', 'landed_files') }}
            where
                feed = '{{ feed }}'
                and status = 'landed'
        ),

        rejected as (
            select
                number,
                file,
                list_filter([{{ text_list(required_columns) }}], lambda name: not list_contains(columns, name)) as missing,
                list_filter(
                    columns,
                    lambda name: not list_contains(list_concat(names, [{{ text_list(optional_columns) }}]), name)
                ) as added
            from {{ new_files_table() }}
            cross join before
            where
                status = 'rejected'
                and mapping is null
                and starts_with(reason, 'required columns are missing')
                and list_has_all(names, missing)
        ),

        pairs as (
            select
                number,
                file,
                len(missing) as needed,
                old.name as old_name,
                new.name as new_name
            from rejected
            cross join lateral (select unnest(missing) as name) as old
            cross join lateral (select unnest(added) as name) as new
            qualify row_number() over (
                partition by number, old.name
                order by jaro_winkler_similarity(old.name, new.name) desc, new.name
            ) = 1
        )

        select
            number,
            'If ' || string_agg(old_name || ' is called ' || new_name, ', and ' order by old_name) || ' now, save this as '
            || {{ own_mapping_file(feed, current_batch_id()) }} || ' and build again: '
            || json_object('feed', '{{ feed }}', 'files', substr(file, {{ feed | length + 2 }}), 'columns', map(
                list(old_name order by old_name), list(new_name order by old_name)
            )) as advice
        from pairs
        group by number, file, needed
        having count(distinct new_name) = needed
    ) as renamed
    where new_files.number = renamed.number
{% endmacro %}
