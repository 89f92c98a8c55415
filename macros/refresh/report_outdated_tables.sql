{% macro report_outdated_tables() %}
    {%- if not is_refresh() -%}{%- do return('') -%}{%- endif -%}
    {%- set computed = [] -%}
    {%- for node in graph.nodes.values() if 'logic_fingerprint' in node -%}
        {%- do computed.append("('" ~ node.name ~ "', '" ~ node.logic_fingerprint ~ "', " ~ feeds_below(node) ~ ")") -%}
    {%- endfor -%}
    {%- if not computed -%}{%- do return('') -%}{%- endif -%}
    {%- set now = "(values " ~ computed | join(", ") ~ ") as computed (model, logic_fingerprint, feeds)" -%}
    {%- set changed = "from " ~ now ~ " where (model, logic_fingerprint, feeds) not in ("
        ~ "select (model, max_by(logic_fingerprint, noted_at), coalesce(arg_max_null(feeds, noted_at), [])) from " ~ source('ledger', 'logic_changes')
        ~ " group by model)" -%}
    {%- if run_query("select 1 " ~ changed ~ " limit 1") | length > 0 -%}
        {%- do run_query(
            "insert into " ~ source('ledger', 'logic_changes') ~ " by name select model, logic_fingerprint, feeds, '"
            ~ invocation_id ~ "' as invocation_id, cast('" ~ modules.datetime.datetime.utcnow()
            ~ "' as timestamp) as noted_at " ~ changed
        ) -%}
    {%- endif -%}
    {%- set outdated = run_query(
        "select model from (" ~ outdated_tables_sql("(select * from " ~ now ~ ")") ~ ") as outdated order by model"
    ).columns[0].values() -%}
    {%- if outdated -%}
        {%- do log(
            "Rows of " ~ outdated | join(", ") ~ " were computed with older logic than the project has now."
            ~ " To rebuild these tables and everything that depends on them: " ~ command_line("build") ~ " --vars 'rebuild_outdated: true'", info=true
        ) -%}
    {%- endif -%}
{% endmacro %}
