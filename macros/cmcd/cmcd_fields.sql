{% macro cmcd_fields(keys, problems) -%}
    {%- if target.name == 'lint' -%}{%- do return(problems) -%}{%- endif -%}
    struct_pack(
        {% for key, column, second, first in cmcd_keys() -%}
        {%- set value = "(" ~ keys ~ " -> '$." ~ key ~ "')" -%}
        {{ column }} := case
            when {{ problems }}['{{ key }}'] is null then {{ cmcd_field(value, key, second or first) }}
        end{{ ',' if not loop.last }}
        {% endfor %}
    )
{%- endmacro %}

{% macro cmcd_field(value, key, kind) -%}
    {%- if key == 'ts' -%}
        try(epoch_ms(cast({{ value }} as bigint)))
    {%- elif kind == 'boolean' -%}
        cast({{ value }} as boolean)
    {%- elif kind == 'number' -%}
        try_cast({{ value }} as double)
    {%- elif kind in ('integer', 'version') -%}
        try_cast(try_cast({{ value }} as double) as bigint)
    {%- elif kind == 'texts' -%}
        case json_type({{ value }})
            when 'ARRAY' then list_transform({{ json_items(value) }}, lambda item: item ->> '$')
            when 'VARCHAR' then [{{ value }} ->> '$']
        end
    {%- elif kind == 'numbers' -%}
        {#- Of several, the one of the video, then of the multiplexed media, then the first. -#}
        try_cast(try_cast(case
            when json_type({{ value }}) = 'ARRAY' then coalesce(
                list_filter(cast({{ value }} as json[]), lambda item: json_exists(item, '$.params.v'))[1] -> '$.value',
                list_filter(cast({{ value }} as json[]), lambda item: json_exists(item, '$.params.av'))[1] -> '$.value',
                {{ json_items(value) }}[1]
            )
            else {{ value }}
        end as double) as bigint)
    {%- elif kind == 'token' -%}
        ({{ without_parameters(value) }}) ->> '$'
    {%- else -%}
        {{ value }} ->> '$'
    {%- endif -%}
{%- endmacro %}
