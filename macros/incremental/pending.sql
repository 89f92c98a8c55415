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


{% macro logged_upstreams(name) %}
    {#- A view writes no log of its own: what changed in it is what changed in the tables below. -#}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values() if node.name == name and node.resource_type in ['model', 'seed'] -%}
        {%- if node.config.materialized in ['incremental', 'seed'] -%}
            {%- do names.append(name) -%}
        {%- else -%}
            {%- for parent in node.depends_on.nodes if parent in graph.nodes -%}
                {%- do names.extend(logged_upstreams(graph.nodes[parent].name)) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(names) -%}
{% endmacro %}


{% macro pending_batches() %}
    {#- First pending batch of each upstream that wrote something since this model last read it. -#}
    {%- set batches = [] -%}
    {%- for parent in model.depends_on.nodes if parent in graph.nodes -%}
        {%- do batches.append(first_pending_batch(graph.nodes[parent].name)) -%}
    {%- endfor -%}
    {%- do return(batches | reject('none') | list) -%}
{% endmacro %}


{% macro is_rebuild() %}
    {#- Built from all batches: the first time, on demand, or because an upstream was built anew. -#}
    {%- do return(not is_incremental() or 0 in pending_batches()) -%}
{% endmacro %}


{% macro first_batch_written(rebuild, rows_written) %}
    {#- What the log says of this refresh: 0 for a rebuild, none when nothing was there to read. -#}
    {%- if is_landing_model() -%}
        {%- do return(refresh_id() if rows_written > 0 else none) -%}
    {%- elif rebuild -%}
        {%- do return(0) -%}
    {%- endif -%}
    {%- do return(pending_batches() | min if pending_batches() else none) -%}
{% endmacro %}


{% macro is_landing_model() %}
    {%- do return(model.name.startswith('land_')) -%}
{% endmacro %}
