{% macro logic_fingerprint() %}
    {#- What the current model computes: its query without the filters of a refresh, and the views that
        it reads. The graph belongs to the whole invocation: report_outdated_tables reads it there. -#}
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

{% macro views_below(node) %}
    {%- set names = [] -%}
    {%- for parent in node.depends_on.nodes if parent in graph.nodes and graph.nodes[parent].config.materialized == 'view' -%}
        {%- do names.append(graph.nodes[parent].name) -%}
        {%- do names.extend(views_below(graph.nodes[parent])) -%}
    {%- endfor -%}
    {%- do return(names | unique | sort) -%}
{% endmacro %}

{% macro view_texts(names) %}
    {%- if not names -%}{%- do return([]) -%}{%- endif -%}
    {%- do return(run_query(
        "select sql from " ~ source('ducklake', 'ducklake_view')
        ~ " where end_snapshot is null and view_name in ('" ~ names | join("', '") ~ "') order by view_name"
    ).columns[0].values() | list) -%}
{% endmacro %}

{% macro sql_tokens(sql) %}
    {#- Literals, words and signs; white space and comments are no part of the logic. -#}
    {%- set tokens = modules.re.findall(
        "--[^\\n]*|/\\*(?:[^*]|\\*(?!/))*\\*/|('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\\w+|[^\\w\\s])", sql
    ) -%}
    {%- do return(tokens | select | join(' ')) -%}
{% endmacro %}
