{% macro landed_rows(relation) %}
    {%- set feed = relation.identifier | replace('land_', '', 1) if model.resource_type == 'model' -%}
    {%- set mappings = applied_mappings(feed) if feed -%}
    {%- if not mappings -%}{%- do return(relation) -%}{%- endif -%}
    {%- set columns = mappings[0].feed_columns -%}
    {%- set source_counts = [] -%}
    {%- set targets = [] -%}
    {%- for mapping in mappings -%}
        {%- do source_counts.append(mapping.sources | length) -%}
        {%- do targets.extend(mapping.columns) -%}
    {%- endfor -%}
    {%- set names = [] -%}
    {%- for number in range(source_counts | max) -%}{%- do names.append('_source_' ~ number ~ '_') -%}{%- endfor -%}
    {%- set has_cmcd = mappings | selectattr('cmcd') | list | length > 0 -%}
    {%- set looks_around = mappings | selectattr('firsts') | list + mappings | selectattr('one_row_per') | list -%}
    {#- logic_fingerprint knows this query by its first and last words: what it computes has a ledger of its own. -#}
    (
        {% if looks_around -%}
        {{ values_of_other_rows(mappings) }}
        from (
        {% endif -%}
        select * exclude ({{ ((['_fields'] if looks_around else ['_mapping', '_fields']) + names + (['_cmcd_fields'] if has_cmcd else [])) | join(', ') }}) replace (
            {% for target in targets | unique -%}
            case _mapping
                {% for mapping in mappings if target in mapping.columns -%}
                when '{{ mapping.name }}' then {{ mapped_value(mapping.columns[target]) }}
                {% endfor -%}
                else {{ target }}
            end as {{ target }},
            {% endfor -%}
            coalesce(_malformed, case _mapping
                {% for mapping in mappings -%}
                when '{{ mapping.name }}' then {{ unmapped_columns(mapping) }}
                {% endfor -%}
            end) as _malformed,
            -- What a field is made of is no longer unknown.
            case _mapping
                {% for mapping in mappings -%}
                when '{{ mapping.name }}' then nullif(cast(json_merge_patch(
                    _unknown_columns, {{ text_list([mapping.known_now]) }}
                ) as varchar), '{}')
                {% endfor -%}
                else _unknown_columns
            end as _unknown_columns,
            case
                when _mapping is null or _raw is not null then _raw
                else {{ delivered_json(columns) }}
            end as _raw
        )
        from (
            select * {% if names %}replace (
                {% for name in names -%}
                {{ blank_to_null(name) }} as {{ name }}{{ ',' if not loop.last }}
                {% endfor -%}
            ){% endif %}
            from (
                select
                    *
                    {%- for name in names %},
                    case _mapping
                        {% for mapping in mappings if source_number(mapping, name) is not none -%}
                        when '{{ mapping.name }}' then {{ delivered_value(mapping, source_number(mapping, name), columns) }}
                        {% endfor -%}
                    end as {{ name }}
                    {%- endfor %}
                from (
                    select
                        *,
                        -- One pass over the JSON, however many columns are taken from it.
                        case
                            {% for mapping in mappings if mapping.pointers -%}
                            when _mapping = '{{ mapping.name }}' then json_extract_string({{
                                'json_merge_patch(_unknown_columns, _cmcd_fields)' if mapping.cmcd else '_unknown_columns'
                            }}, [
                                {%- for pointer in mapping.pointers -%}
                                {{ dbt.string_literal(dbt.escape_single_quotes(pointer)) }}{{ ', ' if not loop.last }}
                                {%- endfor -%}
                            ])
                            {% endfor -%}
                            when true then cast([] as varchar[])
                        end as _fields
                    from (
                        {% if has_cmcd %}{{ with_cmcd_keys(mappings, columns) }} from ({% endif %}
                        select
                            *,
                            {{ mapping_of(mappings, '_file') }} as _mapping
                        from {{ relation }}
                        {% if has_cmcd %})))){% endif %}
                    )
                )
            )
        )
        {% if looks_around %}){% endif %}
    ) as mapped_rows
{%- endmacro %}

{% macro delivered_json(columns) -%}
    {#- A row as delivered, without the columns that the file does not have. -#}
    cast(json_merge_patch(
        json_merge_patch('{}', json_object({% for column in columns %}'{{ column }}', {{ column }}{{ ', ' if not loop.last }}{% endfor %})),
        coalesce(_unknown_columns, '{}')
    ) as varchar)
{%- endmacro %}

{% macro with_cmcd_keys(mappings, columns) -%}
    {#- The keys of a column with CMCD become columns: typed under their long names, and as they were sent. -#}
    select
        * exclude (_cmcd_text, _cmcd, _cmcd_problems) replace (
            coalesce(_malformed, case when _cmcd_text is not null and _cmcd is null then 'cmcd_malformed' end)
                as _malformed,
            case when _cmcd is null then _raw else coalesce(_raw, {{ delivered_json(columns) }}) end as _raw,
            case
                when _cmcd is null then _unknown_columns
                else cast(json_merge_patch(
                    coalesce(_unknown_columns, '{}'),
                    _cmcd,
                    case
                        when cardinality(_cmcd_problems) > 0 then json_object('cmcd_problems', _cmcd_problems)
                        else '{}'
                    end
                ) as varchar)
            end as _unknown_columns
        ),
        case when _cmcd is not null then to_json({{ cmcd_fields('_cmcd', '_cmcd_problems') }}) end as _cmcd_fields
    from (
        select *, {{ cmcd_problems('_cmcd') }} as _cmcd_problems
        from (
            select *, {{ dictionary_json('_cmcd_text') }} as _cmcd
            from (
                select
                    *,
                    case _mapping
                        {% for mapping in mappings if mapping.cmcd -%}
                        when '{{ mapping.name }}' then {{ cmcd_text(
                            "json_extract_string(_unknown_columns, '" ~ dbt.escape_single_quotes(mapping.cmcd) ~ "')"
                        ) }}
                        {% endfor -%}
                    end as _cmcd_text
{%- endmacro %}

{% macro values_of_other_rows(mappings) -%}
    {#- Rows that are one all get the values of all: the first is kept, the others are duplicates of it. -#}
    {%- set replaced = {} -%}
    {%- for mapping in mappings -%}
        {%- for target, first in mapping.firsts.items() -%}
            {%- do replaced.setdefault(target, []).append(
                "when '" ~ mapping.name ~ "' then min(" ~ first.of ~ ") over (partition by batch_id, _file, _mapping, "
                ~ first.per ~ ")"
            ) -%}
        {%- endfor -%}
        {%- if mapping.one_row_per -%}
            {%- for target in (mapping.feed_columns | list) + ['_malformed'] if target not in mapping.one_row_per -%}
                {%- do replaced.setdefault(target, []).append(
                    "when '" ~ mapping.name ~ "' then max(" ~ target ~ ") over (partition by "
                    ~ row_group(mappings) ~ ")"
                ) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    select * exclude (_mapping) replace (
        {% for target, cases in replaced.items() -%}
        case _mapping
            {{ cases | join('\n            ') }}
            else {{ target }}
        end as {{ target }}{{ ',' if not loop.last }}
        {% endfor -%}
    )
{%- endmacro %}

{% macro row_group(mappings) -%}
    {#- Rows that are one: those of a file with equal values; of other mappings each is alone. -#}
    {%- set columns = [] -%}
    {%- set names = [] -%}
    {%- for mapping in mappings if mapping.one_row_per -%}
        {%- do names.append(mapping.name) -%}
        {%- do columns.extend(mapping.one_row_per) -%}
    {%- endfor -%}
    batch_id, _file, _mapping
    {%- for column in columns | unique %}, {% if column == 'minute_ts' -%}
        date_trunc('minute', {{ utc_timestamp(column) }})
    {%- else -%}
        {{ utc_timestamp(column) if column.endswith('_ts') else column }}
    {%- endif %}{% endfor -%}
    , case when {{ "_mapping in (" ~ text_list(names) ~ ")" if names else 'false' }} then null else _row end
{%- endmacro %}

{% macro source_number(mapping, name) %}
    {#- The number of a source column in a mapping; none if the mapping has fewer. -#}
    {%- set number = name.split('_')[2] | int -%}
    {%- do return(number if number < mapping.sources | length else none) -%}
{% endmacro %}

{% macro delivered_value(mapping, number, columns) -%}
    {%- set name = mapping.sources[number] -%}
    {%- set value = '_fields[' ~ (number + 1) ~ ']' -%}
    {%- set value = 'coalesce(' ~ name ~ ', ' ~ value ~ ')' if name in columns else value -%}
    {{ 'nullif(' ~ value ~ ', ' ~ text_list([mapping.no_value]) ~ ')' if mapping.no_value else value }}
{%- endmacro %}

{% macro unmapped_columns(mapping) -%}
    {%- set reasons = [] -%}
    {%- for target, column in mapping.columns.items() if column.unknown == 'quarantine' -%}
        {%- do reasons.append(
            "case when lower(" ~ column.sql ~ ") not in (" ~ text_list(column.members) ~ ") then '"
            ~ target ~ "_not_mapped' end"
        ) -%}
    {%- endfor -%}
    {{ "nullif(concat_ws(', ', " ~ reasons | join(', ') ~ "), '')" if reasons else 'null' }}
{%- endmacro %}
