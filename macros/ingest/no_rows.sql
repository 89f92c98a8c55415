{% macro no_rows(columns) %}
    {#- Names and types of delivered rows, so that a refresh without new files also has columns. -#}
    select
        {% for column in columns + ['_unknown_columns', '_malformed', '_raw'] -%}
            cast(null as varchar) as {{ column }},
        {% endfor -%}
        cast(null as bigint) as _number,
        cast(null as bigint) as _row
    where false
{% endmacro %}
