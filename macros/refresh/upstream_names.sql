{% macro upstream_names(node) %}
    {%- set names = [] -%}
    {%- for parent in node.depends_on.nodes if parent in graph.nodes -%}
        {%- do names.append(graph.nodes[parent].name) -%}
    {%- endfor -%}
    {%- do return(names) -%}
{% endmacro %}
