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
