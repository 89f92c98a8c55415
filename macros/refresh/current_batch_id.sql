{% macro current_batch_id() %}
    {%- if not is_refresh() -%}{%- do return(0) -%}{%- endif -%}
    {%- if 'current_batch_id' not in graph -%}
        {%- do graph.update({'current_batch_id': run_query(
            "select coalesce(max(batch_id), 0) + 1 from " ~ source('ledger', 'refresh_log')
        ).rows[0][0] | int}) -%}
    {%- endif -%}
    {%- do return(graph.current_batch_id) -%}
{% endmacro %}
