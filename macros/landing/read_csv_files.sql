{% macro read_csv_files(group, columns) %}
    {#- The lines are split here and not by read_csv: it neither numbers nor keeps the lines that it
        refuses, and splitting in SQL is as fast (docs/decisions.md has the figures). -#}
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
