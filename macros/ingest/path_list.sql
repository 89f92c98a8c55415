{% macro path_list(group) -%}
    {#- DuckDB takes these letters for wildcards; in brackets they stand for themselves. -#}
    [
        {%- for path in group.paths -%}
        {%- set pattern = modules.re.sub('([\\[*?])', '[\\1]', path) -%}
        {{ dbt.string_literal(dbt.escape_single_quotes(pattern)) }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    ]
{%- endmacro %}
