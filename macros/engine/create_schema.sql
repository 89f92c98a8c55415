{% macro duckdb__create_schema(relation) %}
    {#- dbt creates schemas before any hook runs, in parallel if it has several threads. -#}
    {%- do refuse_parallel_writes() -%}
    {%- call statement('create_schema') -%}
        create schema if not exists {{ relation.without_identifier() }}
    {%- endcall -%}
{% endmacro %}
