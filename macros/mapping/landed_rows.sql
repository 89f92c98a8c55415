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
    {#- logic_fingerprint knows this query by its first and last words: what it computes has a ledger of its own. -#}
    (
        select * exclude ({{ (['_mapping', '_fields'] + names) | join(', ') }}) replace (
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
                else cast(json_merge_patch(
                    -- Without the columns that the file does not have.
                    json_merge_patch('{}', json_object({% for column in columns %}'{{ column }}', {{ column }}{{ ', ' if not loop.last }}{% endfor %})),
                    coalesce(_unknown_columns, '{}')
                ) as varchar)
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
                            when _mapping = '{{ mapping.name }}' then json_extract_string(_unknown_columns, [
                                {%- for pointer in mapping.pointers -%}
                                {{ dbt.string_literal(dbt.escape_single_quotes(pointer)) }}{{ ', ' if not loop.last }}
                                {%- endfor -%}
                            ])
                            {% endfor -%}
                            when true then cast([] as varchar[])
                        end as _fields
                    from (
                        select
                            *,
                            {{ mapping_of(mappings, '_file') }} as _mapping
                        from {{ relation }}
                    )
                )
            )
        )
    ) as mapped_rows
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
