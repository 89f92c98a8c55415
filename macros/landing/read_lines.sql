{% macro read_lines(group) %}
                select
                    _number,
                    _row,
                    case when spelling is null then line else decode(from_base64(line)) end as line,
                    case when spelling = 'm' then 'not_utf8' end as _malformed
                from read_csv(
                    {{ path_list(group) }},
                    columns = {'_number': 'BIGINT', '_row': 'BIGINT', 'spelling': 'VARCHAR', 'line': 'VARCHAR'},
                    delim = e'\x1f', quote = '', escape = '', header = false, auto_detect = false,
                    max_line_size = {{ 4 * var('longest_line_bytes') }}
                )
{% endmacro %}
