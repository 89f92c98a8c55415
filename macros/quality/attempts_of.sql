{% macro attempts_of(value) -%}
    {#- nginx joins the attempts of one request by ", ", and by " : " after a redirect inside. -#}
    (?:{{ value }})(?:(?:, | : )(?:{{ value }}))*
{%- endmacro %}
