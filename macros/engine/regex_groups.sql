{% macro regex_groups(value, regex, group_count) -%}
    {{ adapter.dispatch('regex_groups')(value, regex, group_count) }}
{%- endmacro %}

{% macro default__regex_groups(value, regex, group_count) -%}
    {#- An extraction needs a constant group number; a replacement can be computed. No value
        contains the separator, its own checksum. -#}
    string_split(
        regexp_replace(
            {{ value }},
            '^(?:' || {{ regex }} || ')$',
            array_to_string(
                list_transform(
                    range(1, {{ group_count }} + 1),
                    lambda number: case when number > 1 then '#' || md5({{ value }}) || '#' else '' end || '\' || number
                ),
                ''
            )
        ),
        '#' || md5({{ value }}) || '#'
    )
{%- endmacro %}
