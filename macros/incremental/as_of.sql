{% macro as_of(relation, timestamp_column) -%}
    {%- if var('as_of') is not none -%}
    cast('{{ var('as_of') }}' as timestamp)
    {%- else -%}
    (select max({{ timestamp_column }}) from {{ relation }})
    {%- endif -%}
{%- endmacro %}
