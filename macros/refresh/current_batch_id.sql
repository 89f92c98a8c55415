{% macro current_batch_id() %}
    {%- if not is_refresh() -%}{%- do return(0) -%}{%- endif -%}
    {%- set found = run_query(
        "select coalesce(max(batch_id) filter (invocation_id = '" ~ invocation_id ~ "'), max(batch_id) + 1, 1) from "
        ~ source('ledger', 'refresh_log')
    ) -%}
    {%- do return(found.columns[0].values()[0] | int) -%}
{% endmacro %}
