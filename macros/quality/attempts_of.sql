{% macro attempts_of(value) -%}
    {#- nginx joins the attempts of one request by ", ", and by " : " after an internal redirect.
        -#}
    (?:{{ value }})(?:(?:, | : )(?:{{ value }}))*
{%- endmacro %}
