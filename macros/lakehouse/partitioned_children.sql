{% macro partitioned_children(id) %}
    {#- Partitioned tables that read a model, directly or through a view. -#}
    {%- set children = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and id in node.depends_on.nodes -%}
        {%- if node.config.materialized == 'view' -%}
            {%- do children.extend(partitioned_children(node.unique_id)) -%}
        {%- elif node.config.get('partitioned_by') -%}
            {%- do children.append(node) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(children) -%}
{% endmacro %}
