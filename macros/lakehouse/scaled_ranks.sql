{% macro scaled_ranks(columns, within=[], bits=8) -%}
    {#- Each column's place among the rows of its partition, from 0 to 2^bits - 1. Ranks and not values,
        so that text, numbers and skewed columns share a curve alike; equal values get equal ranks. -#}
    {%- set partition = 'partition by ' ~ within | join(', ') ~ ' ' if within else '' -%}
    [
        {% for column in columns -%}
        (rank() over ({{ partition }}order by {{ column }}) - 1)
        * {{ 2 ** bits }} // count(*) over ({{ partition }}){{ ',' if not loop.last }}
        {% endfor -%}
    ]
{%- endmacro %}
