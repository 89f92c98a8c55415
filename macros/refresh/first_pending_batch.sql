{% macro first_pending_batch(upstreams) %}
    {#- The oldest batch that the upstreams wrote since this model last read them; none if they
        wrote nothing. -#}
    {%- set refresh_log = source('ledger', 'refresh_log') -%}
    {%- set names = [] -%}
    {%- for upstream in ([upstreams] if upstreams is string else upstreams) -%}
        {%- do names.extend(logged_upstreams(upstream)) -%}
    {%- endfor -%}
    {%- set found = run_query(
        "select min(first_batch_id) from " ~ refresh_log
        ~ " where model in ('" ~ names | join("', '") ~ "') and batch_id > ("
        ~ "select coalesce(max(batch_id), 0) from " ~ refresh_log ~ " where model = '" ~ model.name ~ "')"
    ) -%}
    {%- do return(found.columns[0].values()[0]) -%}
{% endmacro %}
