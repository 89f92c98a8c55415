{% macro logic_fingerprint() %}
    {#- What the current model computes: its query without the filters of a refresh, and the views
        that it reads. The graph is shared by the invocation: report_outdated_tables reads the
        result from it. -#}
    {%- set node = graph.nodes[model.unique_id] -%}
    {%- if 'logic_fingerprint' not in node -%}
        {%- do model.update({'is_fingerprinted': true}) -%}
        {%- set texts = [render(model.raw_code)] -%}
        {%- do model.update({'is_fingerprinted': false}) -%}
        {%- do texts.extend(view_texts(views_below(node))) -%}
        {%- do node.update({'logic_fingerprint': local_md5(sql_tokens(texts | join(' ; ')))}) -%}
    {%- endif -%}
    {%- do return(node.logic_fingerprint) -%}
{% endmacro %}
