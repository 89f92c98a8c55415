{% macro pending_batches() %}
    {#- First pending batch of each upstream that wrote something since this model last read it. -#}
    {%- set batches = [] -%}
    {%- for parent in model.depends_on.nodes if parent in graph.nodes -%}
        {%- do batches.append(first_pending_batch(graph.nodes[parent].name)) -%}
    {%- endfor -%}
    {%- do return(batches | reject('none') | list) -%}
{% endmacro %}
