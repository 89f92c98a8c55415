{% macro schema_drift(published_refresh) %}
    {#- What the variable `schema_drift` says of the changes of columns that are not published: warnings are
        logged, and one sentence is returned per feed whose changes are errors. -#}
    {%- set errors = {} -%}
    {%- for found in run_query(
        "select feed, message from " ~ source('ledger', 'schema_changes') ~ " where batch_id > " ~ published_refresh
        ~ " order by feed, batch_id, message"
    ) -%}
        {%- set policy = schema_drift_policies()[found[0]] | default(schema_drift_policies().default) -%}
        {%- if policy == 'warn' -%}
            {%- do log("Warning: " ~ found[0] ~ ": " ~ found[1], info=true) -%}
        {%- elif policy == 'error' -%}
            {%- do errors.setdefault(found[0], []).append(found[1]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set sentences = [] -%}
    {%- for feed, messages in errors.items() -%}
        {%- do sentences.append(
            "the columns of " ~ feed ~ " changed (schema_drift): " ~ messages[:5] | join("; ")
            ~ ("; and " ~ (messages | length - 5) ~ " more (lakehouse.feed_schema_history)" if messages | length > 5 else "")
        ) -%}
    {%- endfor -%}
    {%- do return(sentences) -%}
{% endmacro %}
