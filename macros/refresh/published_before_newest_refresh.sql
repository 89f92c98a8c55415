{% macro published_before_newest_refresh() %}
    {#- Publication time of the published state, if a refresh has written since; none if it is the
        newest state, or if nothing is published. -#}
    {%- set found = run_query(
        "select max(published_at) from " ~ source('ledger', 'publications')
        ~ " having max(batch_id) < (select max(batch_id) from " ~ source('ledger', 'refresh_log') ~ ")"
    ) -%}
    {%- do return(found.rows[0][0] if found | length > 0 else none) -%}
{% endmacro %}
