{% macro read_files(group, columns) %}
    {%- if group.format == 'parquet' -%}
        {{ read_parquet_files(group, columns) }}
    {%- elif group.format == 'csv' -%}
        {{ read_csv_files(group, columns) }}
    {%- elif group.format == 'jsonl' -%}
        {{ read_jsonl_files(group, columns) }}
    {%- else -%}
        {{ read_line_files(group, columns) }}
    {%- endif -%}
{% endmacro %}


{% macro read_parquet_files(group, columns) %}
        select
            {% for column in columns -%}
                {% if column in group.columns %}cast({{ adapter.quote(column) }} as varchar){% else %}null{% endif %} as {{ column }},
            {% endfor -%}
            {{ unknown_columns(group, columns) }} as _unknown_columns,
            null as _malformed,
            null as _raw,
            filename as _path,
            file_row_number + 1 as _row
        from read_parquet({{ path_list(group) }}, filename = true, file_row_number = true)
{% endmacro %}


{% macro read_csv_files(group, columns) %}
    {#- The lines are split here and not by read_csv: it neither numbers nor keeps the lines that it
        refuses, and splitting in SQL is as fast (docs/decisions.md has the figures). -#}
        select
            {% for column in columns -%}
                {% if column in group.columns %}fields[{{ group.columns.index(column) + 1 }}]{% else %}null{% endif %} as {{ column }},
            {% endfor -%}
            {{ unknown_columns(group, columns) }} as _unknown_columns,
            case when fields is null then coalesce(_malformed, 'wrong_number_of_fields') end as _malformed,
            case when fields is null then line end as _raw,
            _path,
            _row
        from (
            select
                *,
                {{ split_fields('line', group.delimiter, group.columns | length) }} as fields
            from ({{ read_lines(group) }})
            where _row > 1
        )
{% endmacro %}


{% macro read_jsonl_files(group, columns) %}
    {%- set shape = {} -%}
    {%- for column in columns -%}{%- do shape.update({column: 'VARCHAR'}) -%}{%- endfor -%}
        select
            {% for column in columns -%}
                fields.{{ column }},
            {% endfor -%}
            {% if group.columns | reject('in', columns) | list -%}
            case when object is not null then nullif(
                cast(json_merge_patch(object, '{{ shape | tojson | replace('"VARCHAR"', 'null') }}') as varchar), '{}'
            ) end
            {%- else %}null{% endif %} as _unknown_columns,
            case when object is null then coalesce(_malformed, 'not_a_json_object') end as _malformed,
            case when object is null then line end as _raw,
            _path,
            _row
        from (
            select
                *,
                json_transform(object, '{{ shape | tojson }}') as fields
            from (
                select
                    *,
                    case
                        when _malformed is null and json_valid(line)
                            then case when json_type(line) = 'OBJECT' then line end
                    end as object
                from ({{ read_lines(group) }})
            )
        )
{% endmacro %}


{% macro read_line_files(group, columns) %}
        select
            {% for column in columns -%}
                {% if column == 'line' %}line{% else %}null{% endif %} as {{ column }},
            {% endfor -%}
            null as _unknown_columns,
            _malformed,
            case when _malformed is not null then line end as _raw,
            _path,
            _row
        from ({{ read_lines(group) }})
{% endmacro %}


{% macro read_lines(group) %}
                with lines as materialized (
                    select
                        rtrim(line, chr(13)) as line,
                        filename as _path,
                        row_number() over () as position
                    from read_csv(
                        {{ path_list(group) }},
                        columns = {'line': 'VARCHAR'},
                        delim = '', quote = '', escape = '',
                        header = false, auto_detect = false, filename = true,
                        max_line_size = 4194304
                        {%- if not group.is_utf8 %}, encoding = 'latin-1'{% endif %}
                    )
                ),

                starts as (
                    select
                        _path,
                        min(position) as first_position
                    from lines
                    group by _path
                )

                select
                    {% if group.is_utf8 -%}
                    lines.line,
                    cast(null as varchar) as _malformed,
                    {% else -%}
                    coalesce({{ utf8_from_latin1('lines.line') }}, lines.line) as line,
                    case when {{ utf8_from_latin1('lines.line') }} is null then 'not_utf8' end as _malformed,
                    {% endif -%}
                    lines._path,
                    lines.position - starts.first_position + 1 as _row
                from lines
                inner join starts
                    on lines._path = starts._path
                where lines.line <> ''
{% endmacro %}


{% macro utf8_from_latin1(line) -%}
    {#- A file with broken text is read byte by byte (latin-1); rows that are UTF-8 get it back here. -#}
    case
        when not regexp_matches({{ line }}, '[^\x00-\x7F]') then {{ line }}
        else try(decode(unhex(array_to_string(
            list_transform(string_split({{ line }}, ''), lambda letter: printf('%02x', ord(letter))), ''
        ))))
    end
{%- endmacro %}


{% macro split_fields(line, delimiter, field_count) -%}
    {#- Null when the line has another number of fields or a quote that does not close. -#}
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


{% macro quoted_fields(line, delimiter) -%}
    regexp_extract_all({{ line }} || '{{ delimiter }}', '("(?:[^"]|"")*"|[^"{{ delimiter }}]*)[{{ delimiter }}]', 1)
{%- endmacro %}


{% macro unknown_columns(group, columns) -%}
    {%- set pairs = [] -%}
    {%- for column in group.columns if column not in columns -%}
        {%- set value = adapter.quote(column) if group.format == 'parquet' else 'fields[' ~ (group.columns.index(column) + 1) ~ ']' -%}
        {%- do pairs.append(dbt.string_literal(dbt.escape_single_quotes(column)) ~ ', ' ~ value) -%}
    {%- endfor -%}
    {% if pairs %}cast(json_object({{ pairs | join(', ') }}) as varchar){% else %}null{% endif %}
{%- endmacro %}


{% macro path_list(group) -%}
    [{% for path in group.paths %}{{ dbt.string_literal(dbt.escape_single_quotes(path)) }}{{ ', ' if not loop.last }}{% endfor %}]
{%- endmacro %}
