{% macro cmcd_problems(keys) -%}
    {%- if target.name == 'lint' -%}{%- do return('map([' ~ keys ~ '], [' ~ keys ~ '])') -%}{%- endif -%}
    {#- The reason for each key that does not count, by key. -#}
    case
        when {{ keys }} is not null then map_from_entries(list_filter(
            list_transform(
                json_keys({{ keys }}),
                lambda key: struct_pack(
                    key := key,
                    reason := {{ cmcd_problem(
                        'key',
                        'json_extract(' ~ keys ~ ", '/' || replace(replace(key, '~', '~0'), '/', '~1'))",
                        'coalesce((' ~ keys ~ " ->> '$.v') = '2', false)"
                    ) }}
                )
            ),
            lambda entry: entry['reason'] is not null
        ))
    end
{%- endmacro %}

{% macro cmcd_problem(key, value, is_version_2) -%}
    case
        when {{ is_cmcd_kind(key, 'integer', is_version_2) }}
            then case
                when not {{ is_json_number(value) }} then 'not_a_number'
                when try_cast({{ value }} as double) <> trunc(try_cast({{ value }} as double)) then 'not_whole'
            end
        when {{ is_cmcd_kind(key, 'number', is_version_2) }}
            then case when not {{ is_json_number(value) }} then 'not_a_number' end
        when {{ is_cmcd_kind(key, 'boolean', is_version_2) }}
            then case when json_type({{ value }}) <> 'BOOLEAN' then 'not_a_boolean' end
        when {{ is_cmcd_kind(key, 'text', is_version_2) }}
            then {{ cmcd_text_problem(
                value,
                "case when " ~ key ~ " in ('sid', 'cen') then 64 when " ~ key ~ " in ('cid', 'cdn', 'h') then 128 end"
            ) }}
        when {{ is_cmcd_kind(key, 'token', is_version_2) }}
            then case
                when json_type({{ without_parameters(value) }}) <> 'VARCHAR' then 'not_a_token'
                when {{ key }} || '=' || ({{ without_parameters(value) }} ->> '$') not in ({{ cmcd_tokens() }})
                    then 'unknown_token'
            end
        when {{ is_cmcd_kind(key, 'numbers', is_version_2) }}
            then case
                when json_type({{ value }}) <> 'ARRAY' then 'not_a_list'
                when len(list_filter({{ json_items(value) }}, lambda item: not {{ is_json_number('item') }})) > 0
                    then 'not_a_number'
            end
        when {{ is_cmcd_kind(key, 'texts', is_version_2) }}
            then case
                when json_type({{ value }}) <> 'ARRAY' then 'not_a_list'
                when len(list_filter({{ json_items(value) }}, lambda item: json_type(item) <> 'VARCHAR')) > 0
                    then 'not_a_text'
            end
        when {{ key }} = 'v'
            then case
                when not {{ is_json_number(value) }} then 'not_a_number'
                when try_cast({{ value }} as double) not in (1, 2) then 'unknown_version'
            end
        -- A key of one's own has a hyphen after its first letter.
        when regexp_full_match({{ key }}, '[a-z][a-z0-9.]*-[a-z0-9.-]+') then {{ cmcd_text_problem(value, 64) }}
        else 'unknown_key'
    end
{%- endmacro %}

{% macro is_cmcd_kind(key, kind, is_version_2) -%}
    {#- Lists in the query are far faster than a map. -#}
    {%- set names = {'both': [], 'first': [], 'second': []} -%}
    {%- for name, _, second, first in cmcd_keys() if kind in (second, first) -%}
        {%- do names['both' if second == first else 'second' if second == kind else 'first'].append(name) -%}
    {%- endfor -%}
    {%- set cases = [] -%}
    {%- for versions, condition in [('both', ''), ('first', ' and not ' ~ is_version_2), ('second', ' and ' ~ is_version_2)] if names[versions] -%}
        {%- do cases.append(key ~ " in ('" ~ names[versions] | join("', '") ~ "')" ~ condition) -%}
    {%- endfor -%}
    ({{ cases | join(' or ') }})
{%- endmacro %}

{% macro cmcd_tokens() -%}
    {%- set tokens = [] -%}
    {%- for key, values in {
        'e': 'bc ps pr e t c b m um pe pc rr as ae abs abe sk ce',
        'ot': 'm a v av i c tt k o',
        'sf': 'd h s o',
        'st': 'v l ll',
        'sta': 's p k r a w e f q d',
    }.items() -%}
        {%- for value in values.split() -%}{%- do tokens.append("'" ~ key ~ '=' ~ value ~ "'") -%}{%- endfor -%}
    {%- endfor -%}
    {{ tokens | join(', ') }}
{%- endmacro %}

{% macro cmcd_text_problem(value, longest) -%}
    case
        when json_type({{ value }}) <> 'VARCHAR' then 'not_a_text'
        when len({{ value }} ->> '$') > {{ longest }} then 'too_long'
    end
{%- endmacro %}

{% macro is_json_number(value) -%}
    (json_type({{ value }}) in ('UBIGINT', 'BIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE'))
{%- endmacro %}
