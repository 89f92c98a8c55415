{% macro is_outdated() %}
    {%- if is_landing_model() -%}{%- do return(false) -%}{%- endif -%}
    {%- set current = "(select '" ~ model.name ~ "' as model, '" ~ logic_fingerprint() ~ "' as logic_fingerprint, "
        ~ feeds_below(graph.nodes[model.unique_id]) ~ " as feeds)" -%}
    {%- do return(run_query(outdated_tables_sql(current)) | length > 0) -%}
{% endmacro %}
