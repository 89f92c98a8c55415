{% macro feed_mappings(feed, names=none) %}
    {#- Without the lake's plugin, as the linter compiles, there are none. -#}
    {%- if not execute or names == [] or not exists_in_database(
        "duckdb_functions() where function_name = 'source_mappings'"
    ) -%}
        {%- do return([]) -%}
    {%- endif -%}
    {%- set asked = names | tojson if names else '' -%}
    {%- set found = fromjson(run_query(
        "select source_mappings(" ~ landing_path() ~ ", " ~ text_list([var('mappings_path') or ''])
        ~ ", '" ~ feed ~ "', '" ~ asked ~ "')"
    ).rows[0][0]) -%}
    {%- if found.problems -%}
        {%- do exceptions.raise_compiler_error("A mapping is wrong:\n  " ~ found.problems | join("\n  ")) -%}
    {%- endif -%}
    {%- do return(found.mappings) -%}
{% endmacro %}
