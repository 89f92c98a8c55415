{% macro steps_left_out(results) %}
    {#- Models, seeds and data tests of a whole build that this invocation did not run. -#}
    {%- set ran = results | map(attribute='node.unique_id') | list -%}
    {%- set left_out = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type in ['model', 'seed', 'test']
        and 'full_check' not in node.tags
        and node.unique_id not in ran -%}
        {%- do left_out.append(node.unique_id) -%}
    {%- endfor -%}
    {%- do return(left_out) -%}
{% endmacro %}
