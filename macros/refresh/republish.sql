{% macro republish() %}
    {#- A compaction changes no row, so readers of the newest refresh get its files immediately. -#}
    {%- set publications = source('ledger', 'publications') -%}
    {%- set published = run_query("select max(batch_id) from " ~ publications).rows[0][0] -%}
    {%- if published is not none and published_before_newest_refresh() is none -%}
        {%- do run_query("select publish_catalog()") -%}
        {%- do run_query(
            "update " ~ publications ~ " set published_at = cast('" ~ modules.datetime.datetime.utcnow()
            ~ "' as timestamp) where batch_id = " ~ published
        ) -%}
    {%- endif -%}
{% endmacro %}
