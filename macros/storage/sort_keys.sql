{% macro sort_keys(layout) %}
    {#- DuckLake sorts by these on every insert. A table on a curve or in ranges has its own order
        and must not have any. -#}
    {%- do return(layout.sorted_by if layout.clustering == 'sort' else []) -%}
{% endmacro %}
