{% macro sql_tokens(sql) %}
    {#- Literals, words and signs; white space and comments are no part of the logic. -#}
    {%- set tokens = modules.re.findall(
        "--[^\\n]*|/\\*(?:[^*]|\\*(?!/))*\\*/|('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\\w+|[^\\w\\s])", sql
    ) -%}
    {%- do return(tokens | select | join(' ')) -%}
{% endmacro %}
