{% macro blank_to_null(column) -%}
    {#- Trimming costs ten times as much as comparing, so only text with a blank at either end is
        trimmed. -#}
    {%- set no_value = "('', 'null', '\\n')" -%}
    {%- set trimmed = "trim(" ~ column ~ ", chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || ' ')" -%}
    case
        when lower({{ column }}) in {{ no_value }} then null
        -- Blanks and control characters sort before '!'.
        when {{ column }} < '!' or suffix({{ column }}, ' ')
            then case when lower({{ trimmed }}) not in {{ no_value }} then {{ trimmed }} end
        else {{ column }}
    end
{%- endmacro %}
