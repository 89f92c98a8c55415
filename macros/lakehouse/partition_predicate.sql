{% macro partition_predicate(partition) %}
    {#- From `dt=2025-01-31` to the condition that selects the partition; true for a whole table. -#}
    {%- set conditions = [] -%}
    {%- for part in partition.split('/') if part -%}
        {%- set column, value = part.split('=', 1) -%}
        {%- do conditions.append(column ~ (" is null" if value == 'null' else " = " ~ dbt.string_literal(value))) -%}
    {%- endfor -%}
    {%- do return(conditions | join(' and ') or 'true') -%}
{% endmacro %}
