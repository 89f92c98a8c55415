{% macro utf8_from_latin1(line) -%}
    {#- A file with broken text is read byte by byte (latin-1); rows that are UTF-8 get it back here. -#}
    case
        when not regexp_matches({{ line }}, '[^\x00-\x7F]') then {{ line }}
        else try(decode(unhex(array_to_string(
            list_transform(string_split({{ line }}, ''), lambda letter: printf('%02x', ord(letter))), ''
        ))))
    end
{%- endmacro %}
