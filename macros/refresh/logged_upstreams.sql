{% macro logged_upstreams(name) %}
    {#- A view changes with the tables below it, and with the log entries of its own (log_view). -#}
    {%- set names = [] -%}
    {%- for type in ['model', 'seed'] if type ~ '.' ~ project_name ~ '.' ~ name in graph.nodes -%}
        {%- set node = graph.nodes[type ~ '.' ~ project_name ~ '.' ~ name] -%}
        {%- do names.append(name) -%}
        {%- if node.config.materialized not in ['incremental', 'seed'] -%}
            {%- for upstream in upstream_names(node) -%}
                {%- do names.extend(logged_upstreams(upstream)) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(names) -%}
{% endmacro %}
