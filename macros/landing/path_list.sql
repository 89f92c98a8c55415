{% macro path_list(group) -%}
    [{% for path in group.paths %}{{ dbt.string_literal(dbt.escape_single_quotes(path)) }}{{ ', ' if not loop.last }}{% endfor %}]
{%- endmacro %}
