{% macro refresh_id() %}
    {%- if not is_refresh() -%}{%- do return(0) -%}{%- endif -%}
    {%- set found = run_query(
        "select coalesce(max(refresh_id) filter (invocation_id = '" ~ invocation_id ~ "'), max(refresh_id) + 1, 1) from "
        ~ source('ledger', 'refresh_log')
    ) -%}
    {%- do return(found.columns[0].values()[0] | int) -%}
{% endmacro %}
