{% macro read_line_files(group, columns) %}
        select
            {% for column in columns -%}
                {% if column == 'line' %}line{% else %}null{% endif %} as {{ column }},
            {% endfor -%}
            null as _unknown_columns,
            _malformed,
            case when _malformed is not null then line end as _raw,
            _number,
            _row
        from ({{ read_lines(group) }})
{% endmacro %}
