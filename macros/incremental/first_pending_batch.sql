{% macro first_pending_batch(upstream_name) %}
    {#- The oldest batch among what the upstream wrote since this model last read it; none if nothing. -#}
    {%- set refresh_log = source('ledger', 'refresh_log') -%}
    {%- set found = run_query(
        "select min(first_batch) from " ~ refresh_log
        ~ " where model in ('" ~ logged_upstreams(upstream_name) | join("', '") ~ "') and refresh_id > ("
        ~ "select coalesce(max(refresh_id), 0) from " ~ refresh_log ~ " where model = '" ~ model.name ~ "')"
    ) -%}
    {%- do return(found.columns[0].values()[0]) -%}
{% endmacro %}
