{% macro unknown_columns(group, columns) -%}
    {%- set pairs = [] -%}
    {%- for column in group.columns if column not in columns -%}
        {%- set value = quoted_name(column) if group.format == 'parquet' else 'fields[' ~ (group.columns.index(column) + 1) ~ ']' -%}
        {%- do pairs.append(dbt.string_literal(dbt.escape_single_quotes(column)) ~ ', ' ~ value) -%}
    {%- endfor -%}
    {% if pairs %}cast(json_object({{ pairs | join(', ') }}) as varchar){% else %}null{% endif %}
{%- endmacro %}
