{% macro layout_of(relation) %}
    {#- What the project file says of a table; tables that no model makes have no order. -#}
    {%- for node in graph.nodes.values() if node.schema == relation.schema and node.name == relation.identifier -%}
        {%- do return(table_layout(node.config)) -%}
    {%- endfor -%}
    {%- do return(table_layout({})) -%}
{% endmacro %}
