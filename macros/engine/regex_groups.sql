{% macro regex_groups(value, regex, group_count) -%}
    {{ adapter.dispatch('regex_groups')(value, regex, group_count) }}
{%- endmacro %}


{% macro default__regex_groups(value, regex, group_count) -%}
    {#- An extraction wants its group number as a constant; a replacement may be computed. -#}
    string_split(
        regexp_replace(
            {{ value }},
            '^(?:' || {{ regex }} || ')$',
            array_to_string(
                list_transform(range(1, {{ group_count }} + 1), lambda number: '\' || number), chr(31)
            )
        ),
        chr(31)
    )
{%- endmacro %}
