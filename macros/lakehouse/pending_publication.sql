{% macro pending_publication(model_name, is_new) %}
    {#- What refreshes have written to a model since it was last published; 0 as first batch: everything. -#}
    {%- set published = 0 if is_new else run_query(
        "select coalesce(max(refresh_id), 0) from serving.public.published_models where model = '" ~ model_name ~ "'"
    ).rows[0][0] | int -%}
    {%- set found = run_query(
        "select max(refresh_id), min(first_batch) from " ~ source('ledger', 'refresh_log')
        ~ " where model = '" ~ model_name ~ "' and refresh_id > " ~ published
    ).rows[0] -%}
    {%- do return({'refresh_id': found[0], 'first_batch': 0 if is_new else found[1]}) -%}
{% endmacro %}
