{% macro published_before_newest_refresh() %}
    {#- When readers were given their state, if a refresh has written since; none if they have the newest
        or there are none. -#}
    {%- set found = run_query(
        "select max(published_at) from " ~ source('ledger', 'publications')
        ~ " having max(batch_id) < (select max(batch_id) from " ~ source('ledger', 'refresh_log') ~ ")"
    ) -%}
    {%- do return(found.rows[0][0] if found | length > 0 else none) -%}
{% endmacro %}
