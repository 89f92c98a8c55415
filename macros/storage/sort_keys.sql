{% macro sort_keys(layout) %}
    {#- DuckLake sorts by these on every insert, so a table on a curve or in ranges, which has its own,
        must not have any. -#}
    {%- do return(layout.sorted_by if layout.clustering == 'sort' else []) -%}
{% endmacro %}
