{% macro cmcd_text(delivered) -%}
    {#- Quotes are always escaped in a query, so one in front belongs to a value of a dictionary. -#}
    case
        when regexp_matches({{ delivered }}, '^(?:[^"]*[?&])?CMCD=')
            then try(url_decode(replace(regexp_extract({{ delivered }}, '^(?:[^"]*[?&])?CMCD=([^&#]*)', 1), '+', ' ')))
        else {{ delivered }}
    end
{%- endmacro %}
