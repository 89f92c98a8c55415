{% macro unknown_columns(group, columns) -%}
    {%- set pairs = [] -%}
    {%- for column in group.columns if column not in columns -%}
        {%- do pairs.append(dbt.string_literal(dbt.escape_single_quotes(column)) ~ ', ' ~ quoted_name(column)) -%}
    {%- endfor -%}
    {% if pairs %}cast(json_object({{ pairs | join(', ') }}) as varchar){% else %}null{% endif %}
{%- endmacro %}
