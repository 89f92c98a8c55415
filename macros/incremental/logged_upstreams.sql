{% macro logged_upstreams(name) %}
    {#- A view writes no log of its own: what changed in it is what changed in the tables below. -#}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values() if node.name == name and node.resource_type in ['model', 'seed'] -%}
        {%- if node.config.materialized in ['incremental', 'seed'] -%}
            {%- do names.append(name) -%}
        {%- else -%}
            {%- for upstream in upstream_names(node) -%}
                {%- do names.extend(logged_upstreams(upstream)) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(names) -%}
{% endmacro %}
