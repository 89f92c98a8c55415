{% macro without_mappings(sql) %}
    {%- do return(modules.re.sub(
        '(?s)\\(SELECT \\* EXCLUDE \\([^()]*_mapping\\b[^()]*\\) REPLACE.*FROM (\\S+?)\\)+ AS mapped_rows', '\\1', sql
    )) -%}
{% endmacro %}
