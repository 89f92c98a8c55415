{% macro applied_mappings(feed) %}
    {#- Those that match a landed file: a view of a feed without one stays as it is. -#}
    {%- set mappings = feed_mappings(feed) -%}
    {%- if not mappings or not exists_in_database(
        "duckdb_tables() where database_name = '" ~ target.database
        ~ "' and schema_name = 'ledger' and table_name = 'landed_files'"
    ) -%}
        {%- do return([]) -%}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for row in run_query(
        "select distinct " ~ mapping_of(mappings, 'file') ~ " from " ~ source('ledger', 'landed_files').render()
        ~ " where status = 'landed' and feed = '" ~ feed ~ "' order by all"
    ) if row[0] -%}
        {%- do names.append(row[0]) -%}
    {%- endfor -%}
    {%- do return(feed_mappings(feed, names)) -%}
{% endmacro %}
