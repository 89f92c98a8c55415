{% macro record_schema_changes(row_count) %}
    {#- A hook of every landing model with new files, before its rows are given up: what the columns of this
        delivery are like, and how that differs from the deliveries before, per mapping. -#}
    {%- do run_query(
        "insert into " ~ source('ledger', 'column_profiles') ~ " by name "
        ~ column_profiles_sql(feed_name(), current_batch_id(), row_count)
    ) -%}
    {%- do run_query(
        "insert into " ~ source('ledger', 'schema_changes') ~ " by name "
        ~ schema_changes_sql(feed_name(), current_batch_id(), model.columns)
    ) -%}
{% endmacro %}

{% macro schema_changes_sql(feed, batch_id, feed_columns) %}
    {%- set profiles, changes = source('ledger', 'column_profiles'), source('ledger', 'schema_changes') -%}
    {%- set minimum_rows, largest_step = var('schema_drift_minimum_rows'), var('schema_drift_empty_share') -%}
    with profiles as (
        select *
        from {{ profiles }}
        where feed = '{{ feed }}'
    ),

    now as (
        select
            *,
            case when rows_sampled >= {{ minimum_rows }} then 1 - rows_filled / rows_sampled end as empty_share
        from profiles
        where batch_id = {{ batch_id }}
    ),

    -- What is known of a column: what a delivery before showed last.
    before as (
        select
            mapping,
            column_name,
            max(batch_id) as last_batch_id,
            bool_or(has_optional_keys) as has_optional_keys,
            max_by(column_type, batch_id) as column_type,
            max_by(typical_size, batch_id) as typical_size,
            max_by(1 - rows_filled / rows_sampled, batch_id) filter (rows_sampled >= {{ minimum_rows }}) as empty_share,
            list_distinct(flatten(list(cast(cast(members as json) as varchar[])))) as members
        from profiles
        where batch_id < {{ batch_id }}
        group by mapping, column_name
    ),

    missing as (
        select
            mapping,
            column_name,
            max(batch_id) as missing_since
        from {{ changes }}
        where
            feed = '{{ feed }}'
            and change = 'disappeared'
        group by mapping, column_name
    ),

    -- The first files of a mapping change nothing.
    deliveries as (
        select
            mapping,
            any_value(files) as files,
            max(rows_sampled) as rows_sampled
        from now
        where mapping in (select mapping from before)
        group by mapping
    ),

    compared as (
        select
            deliveries.mapping,
            columns.column_name,
            coalesce(columns.now.files, deliveries.files) as files,
            columns.now,
            columns.before,
            columns.now is not null as is_there,
            columns.before is not null and coalesce(missing.missing_since < columns.before.last_batch_id, true) as was_there,
            deliveries.rows_sampled * (1 - columns.before.empty_share) as rows_expected,
            list_filter(
                cast(cast(columns.now.members as json) as varchar[]),
                lambda member: not list_contains(columns.before.members, member)
            ) as new_members,
            columns.now.typical_size / columns.before.typical_size as factor,
            cast(round(log10(factor) / 3) as integer) as thousands
        from (
            select
                coalesce(now.mapping, before.mapping) as mapping,
                coalesce(now.column_name, before.column_name) as column_name,
                case when now.mapping is not null then now end as now,
                case when before.mapping is not null then before end as before
            from now
            full join before
                on now.mapping = before.mapping and now.column_name = before.column_name
        ) as columns
        inner join deliveries
            on columns.mapping = deliveries.mapping
        left join missing
            on columns.mapping = missing.mapping and columns.column_name = missing.column_name
    ),

    found as (
        select
            * exclude (now, before),
            unnest([
                case
                    when is_there and not was_there
                        then {'change': 'appeared', 'before': null, 'after': now.column_type}
                    -- A key that few objects have can be missing by chance.
                    when not is_there and was_there and (not before.has_optional_keys or rows_expected >= 20)
                        then {'change': 'disappeared', 'before': before.column_type, 'after': null}
                end,
                case
                    when now.column_type <> before.column_type
                        then {'change': 'type', 'before': before.column_type, 'after': now.column_type}
                end,
                case
                    when was_there and abs(now.empty_share - before.empty_share) > {{ largest_step }}
                        then {
                            'change': 'empty share',
                            'before': printf('%.0f %%', 100 * before.empty_share),
                            'after': printf('%.0f %%', 100 * now.empty_share)
                        }
                end,
                case
                    -- Where no value comes back, or ever more are new, the values are no list.
                    when len(new_members) > 0 and len(new_members) < json_array_length(now.members) and len(before.members) <= 20
                        then {'change': 'new members', 'before': null, 'after': array_to_string(new_members, ', ')}
                end,
                case
                    when thousands <> 0 and abs(log10(factor) - 3 * thousands) < 0.3
                        then {
                            'change': 'magnitude',
                            'before': {{ significant_digits('before.typical_size') }},
                            'after': {{ significant_digits('now.typical_size') }}
                        }
                end
            ]) as change
        from compared
    ),

    -- The unit of a column of the feed whose values are 1,000 times as large or small.
    units as (
        select *
        from (
            values
                ('%_ms', 1, 'us'), ('%_ms', 2, 'ns'), ('%_ms', -1, 's'),
                ('%_seconds', 1, 'ms'), ('%_seconds', 2, 'us'),
                ('%_kbps', 1, 'bit/s'), ('%_kbps', -1, 'Mbit/s'),
                ('%_bytes', -1, 'kB'), ('%_bytes', -2, 'MB')
        ) as units (columns, thousands, unit)
    ),

    changes as (
        select
            found.* exclude (change),
            change.*,
            unit,
            json_object('feed', '{{ feed }}', 'files', json(files), 'columns', map(
                list(column_name) over same_files,
                list(json_object('column', column_name, 'unit', unit, 'round', 'nearest')) over same_files
            )) as proposed
        from found
        left join units
            on
                change.change = 'magnitude'
                and found.mapping = ''
                and found.column_name in ({{ text_list(feed_columns) or "''" }})
                and found.column_name like units.columns
                and found.thousands = units.thousands
        where change is not null
        window same_files as (partition by mapping, files, unit is null)
    )

    select
        '{{ feed }}' as feed,
        mapping,
        {{ batch_id }} as batch_id,
        column_name,
        change,
        before as value_before,
        after as value_after,
        files,
        (files ->> '$[0]') || case when json_array_length(files) > 1 then ' and others' else '' end || ': '
        || case change
            when 'appeared' then 'new column ' || column_name || coalesce(' (' || after || ')', '')
            when 'disappeared' then 'the column ' || column_name || ' is missing'
            when 'type' then column_name || ' is ' || after || ', before ' || before
            when 'empty share' then column_name || ' is empty in ' || after || ' of the rows, before in ' || before
            when 'new members' then column_name || ' has new values: ' || after
            when 'magnitude'
                then
                    column_name || ' is about ' || format('{:,}', cast(pow(1000, abs(thousands)) as bigint)) || ' times as '
                    || case when thousands > 0 then 'large' else 'small' end || ': typically ' || after || ', before ' || before
                    || case
                        when unit is not null
                            then
                                '. If its unit changed, save this as ' || {{ own_mapping_file(feed, batch_id) }} || ' and run '
                                || {{ text_list(['`' ~ command_line('build') ~ " --vars 'rebuild_outdated: true'`"]) }}
                                || ': ' || proposed
                        else ''
                    end
        end as message
    from changes
{% endmacro %}

{% macro significant_digits(number) -%}
    case
        when {{ number }} < 1000 then printf('%.3g', {{ number }})
        else format('{:,}', cast({{ number }} as bigint))
    end
{%- endmacro %}
