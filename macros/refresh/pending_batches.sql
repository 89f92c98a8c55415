{% macro pending_batches() %}
    {%- if 'pending_batches' not in graph -%}
        {%- set log, pending = source('ledger', 'refresh_log'), {} -%}
        {%- for row in run_query(
            "with readings as (select * from (values " ~ readings() | join(", ") ~ ") as readings (reader, upstream)),"
            ~ " read_until as (select model, max(batch_id) as batch_id from " ~ log ~ " group by model)"
            ~ " select readings.reader, readings.upstream, min(written.first_batch_id) from readings"
            ~ " inner join " ~ log ~ " as written on readings.upstream = written.model"
            ~ " left join read_until on readings.reader = read_until.model"
            ~ " where written.batch_id > coalesce(read_until.batch_id, 0) group by all"
        ).rows -%}
            {%- do pending.setdefault(row[0], {}).update({row[1]: row[2] | int}) -%}
        {%- endfor -%}
        {%- do graph.update({'pending_batches': pending}) -%}
    {%- endif -%}
    {%- do return(graph.pending_batches) -%}
{% endmacro %}

{% macro readings() %}
    {#- Who reads what, as the refresh log names it: "('daily_user_metrics', 'fact_watch_events')". -#}
    {%- if 'readings' not in graph -%}
        {%- set pairs = ["('', '')"] -%}
        {%- for node in graph.nodes.values()
            if node.resource_type == 'model' and node.config.materialized == 'incremental' -%}
            {%- for name in upstream_names(node) -%}
                {%- for upstream in logged_upstreams(name) -%}
                    {%- do pairs.append("('" ~ node.name ~ "', '" ~ upstream ~ "')") -%}
                {%- endfor -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- do graph.update({'readings': pairs | unique | list}) -%}
    {%- endif -%}
    {%- do return(graph.readings) -%}
{% endmacro %}
