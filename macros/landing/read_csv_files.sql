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
            where _row > _first_row
        )
{% endmacro %}
