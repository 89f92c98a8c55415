{% macro sql_tokens(sql) %}
    {#- Literals, words and operators; white space and comments are not part of the logic. -#}
    {%- set tokens = modules.re.findall(
        "--[^\\n]*|/\\*(?:[^*]|\\*(?!/))*\\*/|('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\\w+|[^\\w\\s])", sql
    ) -%}
    {%- do return(tokens | select | join(' ')) -%}
{% endmacro %}
