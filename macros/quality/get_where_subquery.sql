{% macro get_where_subquery(relation) -%}
    {#- `where: "__last_written__"` limits a test to the rows that are not published yet or, if all
        are, that were published last: a test on every refresh must not read history, and must not
        miss a failed refresh. -#}
    {%- set where = config.get('where') or '' -%}
    {%- if '__last_written__' in where -%}
        {%- set where = where | replace('__last_written__', last_written(relation)) -%}
    {%- endif -%}
    {%- if where -%}
        (select * from {{ relation }} where {{ where }}) as dbt_subquery
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}
