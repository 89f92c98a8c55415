{% macro as_of(relation, timestamp_column) -%}
    {%- if var('as_of') is not none -%}
    cast('{{ var('as_of') }}' as timestamp)
    {%- else -%}
    {{ newest_supported(relation, timestamp_column) }}
    {%- endif -%}
{%- endmacro %}
