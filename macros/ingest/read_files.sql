{% macro read_files(group, columns) %}
    {%- if group.format == 'parquet' -%}
        {{ read_parquet_files(group, columns) }}
    {%- elif group.format in ['csv', 'w3c'] -%}
        {{ read_csv_files(group, columns) }}
    {%- elif group.format in ['jsonl', 'json'] -%}
        {{ read_jsonl_files(group, columns) }}
    {%- else -%}
        {{ read_line_files(group, columns) }}
    {%- endif -%}
{% endmacro %}

{% macro read_csv_files(group, columns) %}
    {#- The lines are split here and not by read_csv, which neither numbers nor keeps the lines that
        it rejects. Splitting in SQL is as fast (docs/decisions.md). -#}
        select
            {% for column in columns -%}
                fields[positions[{{ loop.index }}]] as {{ column }},
            {% endfor -%}
            case
                when len(unknown_names) > 0 and fields is not null
                    then cast(to_json(map(unknown_names, list_select(fields, unknown_positions))) as varchar)
            end as _unknown_columns,
            case when fields is null then coalesce(_malformed, 'wrong_number_of_fields') end as _malformed,
            case when fields is null then line end as _raw,
            _number,
            _row
        from (
            select
                lines.*,
                new_files.positions,
                new_files.unknown_names,
                new_files.unknown_positions,
                {{ split_fields('line', group.delimiter, 'len(new_files.columns)') }} as fields
            from ({{ read_lines(group) }}) as lines
            inner join {{ new_files_table() }} as new_files
                on lines._number = new_files.number
        )
{% endmacro %}

{% macro read_jsonl_files(group, columns) %}
    {%- set shape = {} -%}
    {%- for column in columns -%}{%- do shape.update({column: 'VARCHAR'}) -%}{%- endfor -%}
        select
            {% for column in columns -%}
                fields.{{ column }},
            {% endfor -%}
            case
                when not has_expected_keys
                    then nullif(
                        cast(json_merge_patch(object, '{{ shape | tojson | replace('"VARCHAR"', 'null') }}') as varchar),
                        '{}'
                    )
            end as _unknown_columns,
            case when object is null then coalesce(problem, 'not_a_json_object') end as _malformed,
            case when object is null then line end as _raw,
            _number,
            _row
        from (
            select
                *,
                case when problem is null then found end as object,
                json_transform(object, '{{ shape | tojson }}') as fields
            from (
                select
                    *,
                    -- Most lines have the same keys as the first lines of the file, all known and
                    -- each once.
                    keys is not distinct from expected_keys as has_expected_keys,
                    case
                        when not has_expected_keys and len(keys) > len(list_distinct(keys)) then 'duplicate_json_key'
                        else _malformed
                    end as problem
                from (
                    select
                        lines.*,
                        new_files.expected_keys,
                        case
                            when _malformed is null and json_valid(line)
                                then case when json_type(line) = 'OBJECT' then line end
                        end as found,
                        json_keys(found) as keys
                    from ({{ read_lines(group) }}) as lines
                    inner join {{ new_files_table() }} as new_files
                        on lines._number = new_files.number
                )
            )
        )
{% endmacro %}

{% macro read_line_files(group, columns) %}
        select
            {% for column in columns -%}
                {% if column == 'line' %}line{% else %}null{% endif %} as {{ column }},
            {% endfor -%}
            {% if 'line' in columns %}null{% else %}cast(json_object('line', line) as varchar){% endif %} as _unknown_columns,
            _malformed,
            case when _malformed is not null then line end as _raw,
            _number,
            _row
        from ({{ read_lines(group) }})
{% endmacro %}

{% macro read_parquet_files(group, columns) %}
    {#- Longer than any column name, so that none is equal. -#}
    {%- set path = '_path' ~ '_' * (group.columns | map('length') | max) -%}
        select
            {% for column in columns -%}
                {% if column in group.columns %}cast({{ quoted_name(column) }} as varchar){% else %}null{% endif %} as {{ column }},
            {% endfor -%}
            {{ unknown_columns(group, columns) }} as _unknown_columns,
            null as _malformed,
            null as _raw,
            cast(parse_filename({{ path }}, true) as bigint) as _number,
            file_row_number + 1 as _row
        from read_parquet(
            getvariable('paths'),
            filename = '{{ path }}', file_row_number = true, hive_partitioning = false
        )
{% endmacro %}

{% macro read_lines(group) %}
                select
                    _number,
                    _row,
                    case when spelling is null then line else decode(from_base64(line)) end as line,
                    case when spelling = 'm' then 'not_utf8' end as _malformed
                from read_csv(
                    getvariable('paths'),
                    columns = {'_number': 'BIGINT', '_row': 'BIGINT', 'spelling': 'VARCHAR', 'line': 'VARCHAR'},
                    delim = e'\x1f', quote = '', escape = '', header = false, auto_detect = false,
                    max_line_size = {{ 4 * var('longest_line_bytes') }}
                )
{% endmacro %}

{% macro quoted_name(column) -%}
    "{{ column | replace('"', '""') }}"
{%- endmacro %}

{% macro quoted_fields(line, delimiter) -%}
    regexp_extract_all({{ line }} || '{{ delimiter }}', '("(?:[^"]|"")*"|[^"{{ delimiter }}]*)[{{ delimiter }}]', 1)
{%- endmacro %}

{% macro split_fields(line, delimiter, field_count) -%}
    {#- Null if the line has another number of fields or an unclosed quote. -#}
    case
        when _malformed is not null then null
        when not contains({{ line }}, '"')
            then
                case
                    when len(string_split({{ line }}, '{{ delimiter }}')) = {{ field_count }}
                        then string_split({{ line }}, '{{ delimiter }}')
                end
        when
            len({{ quoted_fields(line, delimiter) }}) = {{ field_count }}
            and len(array_to_string({{ quoted_fields(line, delimiter) }}, '{{ delimiter }}')) = len({{ line }})
            then list_transform(
                {{ quoted_fields(line, delimiter) }},
                lambda field: case
                    when starts_with(field, '"') then replace(field[2:-2], '""', '"')
                    else field
                end
            )
    end
{%- endmacro %}

{% macro unknown_columns(group, columns) -%}
    {%- set pairs = [] -%}
    {%- for column in group.columns if column not in columns -%}
        {%- do pairs.append(dbt.string_literal(dbt.escape_single_quotes(column)) ~ ', ' ~ quoted_name(column)) -%}
    {%- endfor -%}
    {% if pairs %}cast(json_object({{ pairs | join(', ') }}) as varchar){% else %}null{% endif %}
{%- endmacro %}
