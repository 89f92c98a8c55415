{% macro upstream_names() %}
    {%- set names = [] -%}
    {%- for parent in model.depends_on.nodes if parent in graph.nodes -%}
        {%- do names.append(graph.nodes[parent].name) -%}
    {%- endfor -%}
    {%- do return(names) -%}
{% endmacro %}
