{% macro dictionary_json(text) -%}
    {#- The linter takes a minute for the expression. dbt cuts a unit test at a semicolon: it is \x3b, chr(59). -#}
    {%- if target.name == 'lint' -%}{%- do return(text) -%}{%- endif -%}
    case
        when {{ text }} is null then null
        when starts_with({{ text }}, '{')
            then case when json_valid({{ text }}) and json_type({{ text }}) = 'OBJECT' then {{ text }} end
        when {{ is_dictionary(text) }}
            -- The text is valid from here on, so that short patterns take it apart.
            then list_transform(
                [regexp_extract_all({{ text }}, '(?:{{ quoted_text() }}|[^,"])+')],
                lambda members: '{' || array_to_string(
                    list_transform(
                        case when {{ repeats_key('members') }} then {{ last_of_each_key('members') }} else members end,
                        lambda member: '"' || {{ key_of('member') }} || '":'
                            || {{ dictionary_member_json("substr(trim(member, ' ' || chr(9)), len("
                                ~ key_of('member') ~ ") + 1)") }}
                    ),
                    ','
                ) || '}'
            )[1]
    end
{%- endmacro %}

{% macro is_dictionary(text) -%}
    {#- A dictionary of RFC 8941. An integer has up to 15 digits; a decimal has 12, and 3 after the point. -#}
    {%- set key = '[a-z*][a-z0-9_.*-]*' -%}
    {%- set value = '(?:-?[0-9]{1,12}[.][0-9]{1,3}|-?[0-9]{1,15}|"(?:[^"\\\\\\x00-\\x1f\\x7f]|\\\\["\\\\])*"'
        ~ "|[A-Za-z*][!#$%&''*+.^_`|~0-9A-Za-z:/-]*|:[A-Za-z0-9+/=]*:|\\?[01]|@-?[0-9]{1,15})" -%}
    {%- set parameters = '(?:\\x3b[ \\t]*' ~ key ~ '(?:=' ~ value ~ ')?)*' -%}
    {%- set item = value ~ parameters -%}
    {%- set list = '\\([ \\t]*(?:' ~ item ~ '(?: [ \\t]*' ~ item ~ ')*)?[ \\t]*\\)' ~ parameters -%}
    {%- set member = key ~ '(?:=(?:' ~ item ~ '|' ~ list ~ ')|' ~ parameters ~ ')' -%}
    regexp_full_match({{ text }}, '[ \t]*(?:{{ member }}(?:[ \t]*,[ \t]*{{ member }})*)?[ \t]*')
{%- endmacro %}

{% macro key_of(member) -%}
    regexp_extract({{ member }}, '[^=\x3b \t]+')
{%- endmacro %}

{% macro repeats_key(members) -%}
    len(list_distinct(list_transform({{ members }}, lambda member: {{ key_of('member') }}))) < len({{ members }})
{%- endmacro %}

{% macro last_of_each_key(members) -%}
    list_transform(
        list_filter(
            range(1, len({{ members }}) + 1),
            lambda place: not list_contains(
                list_transform(list_slice({{ members }}, place + 1, -1), lambda later: {{ key_of('later') }}),
                {{ key_of(members ~ '[place]') }}
            )
        ),
        lambda place: {{ members }}[place]
    )
{%- endmacro %}

{% macro quoted_text() -%}
    "(?:[^"\\]|\\.)*"
{%- endmacro %}

{% macro dictionary_member_json(member) -%}
    list_transform([{{ member }}], lambda member: case
        -- A key alone is true.
        when member = '' then 'true'
        when starts_with(member, '=(')
            then {{ with_parameters_json(
                "'[' || array_to_string(list_transform(regexp_extract_all(regexp_extract(member, '"
                    ~ '^=\\(((?:' ~ quoted_text() ~ '|[^")])*)' ~ "', 1), '"
                    ~ '(?:' ~ quoted_text() ~ '|\\x3b[ \\t]*|[^ \\t"\\x3b])+' ~ "'), lambda item: "
                    ~ dictionary_item_json('item') ~ "), ',') || ']'",
                "regexp_extract(member, '" ~ '^=\\((?:' ~ quoted_text() ~ '|[^")])*\\)(.*)$' ~ "', 1)"
            ) }}
        when starts_with(member, chr(59)) then {{ with_parameters_json("'true'", 'member') }}
        else {{ dictionary_item_json('substr(member, 2)') }}
    end)[1]
{%- endmacro %}

{% macro dictionary_item_json(item) -%}
    case
        when contains({{ item }}, chr(59))
            then {{ with_parameters_json(
                dictionary_value_json("regexp_extract(" ~ item ~ ", '^(?:" ~ quoted_text() ~ "|[^\\x3b]*)')"),
                "regexp_extract(" ~ item ~ ", '^(?:" ~ quoted_text() ~ "|[^\\x3b]*)(.*)$', 1)"
            ) }}
        else {{ dictionary_value_json(item) }}
    end
{%- endmacro %}

{% macro with_parameters_json(value, parameters) -%}
    case
        when {{ parameters }} = '' then {{ value }}
        else '{"value":' || {{ value }} || ',"params":{' || array_to_string(list_transform(
            regexp_extract_all({{ parameters }}, '\x3b[ \t]*((?:{{ quoted_text() }}|[^"\x3b])+)', 1),
            lambda parameter: '"' || regexp_extract(parameter, '^[^= \t]*') || '":'
                || case
                    when contains(parameter, '=')
                        then {{ dictionary_value_json("regexp_extract(parameter, '=(.*)$', 1)") }}
                    else 'true'
                end
        ), ',') || '}}'
    end
{%- endmacro %}

{% macro dictionary_value_json(value) -%}
    list_transform([{{ value }}], lambda value: case
        -- JSON has no leading zeros.
        when regexp_matches(value, '^-?0[0-9]') then regexp_replace(value, '^(-?)0+([0-9])', '\1\2')
        when value < ':' and value > '-' then value
        when starts_with(value, '"') and contains(value, '\')
            then cast(to_json(regexp_replace(value[2:-2], '\\(["\\])', '\1', 'g')) as varchar)
        when starts_with(value, '"') then value
        when value = '?1' then 'true'
        when value = '?0' then 'false'
        else '"' || value || '"'
    end)[1]
{%- endmacro %}
