{% macro feed_mappings(feed) %}
    {#- Without the lake's plugin, as the linter compiles, there are none. -#}
    {%- if not execute or not run_query(
        "select 1 from duckdb_functions() where function_name = 'source_mappings'"
    ) -%}
        {%- do return([]) -%}
    {%- endif -%}
    {%- set path = dbt.string_literal(dbt.escape_single_quotes(var('mappings_path') or '')) -%}
    {%- set found = fromjson(run_query(
        "select source_mappings(" ~ landing_path() ~ ", " ~ path ~ ", '" ~ feed ~ "')"
    ).rows[0][0]) -%}
    {%- if found.problems -%}
        {%- do exceptions.raise_compiler_error("A mapping is wrong:\n  " ~ found.problems | join("\n  ")) -%}
    {%- endif -%}
    {%- do return(found.mappings) -%}
{% endmacro %}
