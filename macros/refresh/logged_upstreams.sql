{% macro logged_upstreams(name) %}
    {#- A view changes with the tables below it, and with the log entries of its own (log_view). -#}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values() if node.name == name and node.resource_type in ['model', 'seed'] -%}
        {%- do names.append(name) -%}
        {%- if node.config.materialized not in ['incremental', 'seed'] -%}
            {%- for upstream in upstream_names(node) -%}
                {%- do names.extend(logged_upstreams(upstream)) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(names) -%}
{% endmacro %}
