{% macro steps_left_out(results) %}
    {#- Models, seeds and data tests of a whole build that this invocation did not run. Alerts judge the
        services and not the data: they are no part of it. -#}
    {%- set ran = results | map(attribute='node.unique_id') | list -%}
    {%- set left_out = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type in ['model', 'seed', 'test']
        and 'full_check' not in node.tags and 'alert' not in node.tags
        and node.unique_id not in ran -%}
        {%- do left_out.append(node.unique_id) -%}
    {%- endfor -%}
    {%- do return(left_out) -%}
{% endmacro %}
