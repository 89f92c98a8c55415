{% macro views_below(node) %}
    {%- set names = [] -%}
    {%- for parent in node.depends_on.nodes if parent in graph.nodes and graph.nodes[parent].config.materialized == 'view' -%}
        {%- do names.append(graph.nodes[parent].name) -%}
        {%- do names.extend(views_below(graph.nodes[parent])) -%}
    {%- endfor -%}
    {%- do return(names | unique | sort) -%}
{% endmacro %}
