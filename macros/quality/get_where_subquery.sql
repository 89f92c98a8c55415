{% macro get_where_subquery(relation) -%}
    {#- `where: "__last_written__"` limits a test to what was not published yet, or else was published
        last: a test on every refresh must not read the history, and must not miss a failed refresh. -#}
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
