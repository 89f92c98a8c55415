{% macro lost_rows(published_refresh) %}
    {#- One sentence per table that lost rows which readers have; an empty list if none did. -#}
    {%- set baseline = {} -%}
    {%- for row in run_query(
        "select table_schema, table_name, row_count from " ~ source('ledger', 'published_tables')
        ~ " where refresh_id = " ~ published_refresh
    ) -%}
        {%- do baseline.update({(row[0], row[1]): row[2] | int}) -%}
    {%- endfor -%}
    {%- set now = {} -%}
    {%- for row in run_query(partitioned_table_rows()) -%}
        {%- do now.update({(row[0], row[1]): row[2] | int}) -%}
    {%- endfor -%}
    {%- set rebuilt = run_query(
        "select distinct model from " ~ source('ledger', 'refresh_log')
        ~ " where first_batch = 0 and mode = 'rebuild' and refresh_id > " ~ published_refresh
    ).columns[0].values() -%}
    {%- set sentences = [] -%}
    {%- for node in graph.nodes.values() | sort(attribute='name')
        if node.resource_type == 'model' and (node.schema, node.name) in baseline and (node.schema, node.name) in now -%}
        {%- set before, after = baseline[(node.schema, node.name)], now[(node.schema, node.name)] -%}
        {%- set is_fact = node.config.incremental_strategy == 'append' -%}
        {%- set dropped = published_rows_dropped(node, published_refresh) if is_fact and node.name in rebuilt else 0 -%}
        {%- if dropped > 0 -%}
            {%- do sentences.append(
                node.name ~ " was built anew without " ~ dropped ~ " of the " ~ before ~ " rows that readers have"
            ) -%}
        {%- elif before - after > var('lost_rows_share') * before -%}
            {%- do sentences.append(
                node.name ~ " has " ~ after ~ " rows where readers have " ~ before ~ ", a loss of more than "
                ~ (100 * var('lost_rows_share')) | round(1) ~ " percent (lost_rows_share)"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(sentences) -%}
{% endmacro %}
