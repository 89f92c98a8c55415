{% macro logged_upstreams(name) %}
    {#- A view writes no log of its own: what changed in it is what changed in the tables below. -#}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values() if node.name == name and node.resource_type in ['model', 'seed'] -%}
        {%- if node.config.materialized in ['incremental', 'seed'] -%}
            {%- do names.append(name) -%}
        {%- else -%}
            {%- for parent in node.depends_on.nodes if parent in graph.nodes -%}
                {%- do names.extend(logged_upstreams(graph.nodes[parent].name)) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(names) -%}
{% endmacro %}
