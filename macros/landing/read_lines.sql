{% macro read_lines(group) %}
                with lines as materialized (
                    select
                        trim(line, chr(13) || chr(10)) as line,
                        filename as _path,
                        row_number() over () as position
                    from read_csv(
                        {{ path_list(group) }},
                        columns = {'line': 'VARCHAR'},
                        -- No line holds this delimiter. Not strict: line ends may differ within a file.
                        delim = e'\x1d\x1e\x1f', quote = '', escape = '', strict_mode = false,
                        header = false, auto_detect = false, filename = true, hive_partitioning = false,
                        compression = '{{ group.compression }}', max_line_size = 4194304
                        {%- if not group.is_utf8 %}, encoding = 'latin-1'{% endif %}
                    )
                ),

                starts as (
                    select
                        _path,
                        min(position) as first_position,
                        min(position) filter (where line <> '') as first_filled_position
                    from lines
                    group by _path
                )

                select
                    {% if group.is_utf8 -%}
                    lines.line,
                    cast(null as varchar) as _malformed,
                    {% else -%}
                    coalesce(ltrim({{ utf8_from_latin1('lines.line') }}, chr(65279)), lines.line) as line,
                    case when {{ utf8_from_latin1('lines.line') }} is null then 'not_utf8' end as _malformed,
                    {% endif -%}
                    lines._path,
                    lines.position - starts.first_position + 1 as _row,
                    starts.first_filled_position - starts.first_position + 1 as _first_row
                from lines
                inner join starts
                    on lines._path = starts._path
                where lines.line <> ''
{% endmacro %}
