{% macro parquet_footers(files) %}
    {#- One row a column chunk. DuckDB takes the files' names as literals only, and at least one. -#}
    {%- if files -%}
    select * from parquet_metadata({{ path_list({'paths': files}) }})
    {%- else -%}
    select
        {% for name, type in parquet_footer_columns().items() -%}
        cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {% endfor -%}
    where false
    {%- endif -%}
{% endmacro %}
