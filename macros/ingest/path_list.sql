{% macro path_list(group) -%}
    {#- DuckDB reads these characters as wildcards; in brackets they are literals. -#}
    [
        {%- for path in group.paths -%}
        {%- set pattern = modules.re.sub('([\\[*?])', '[\\1]', path) -%}
        {{ dbt.string_literal(dbt.escape_single_quotes(pattern)) }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    ]
{%- endmacro %}
