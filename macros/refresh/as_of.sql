{% macro as_of(relation, timestamp_column) -%}
    {#- What counts as now is no part of a model's logic. -#}
    {%- if var('as_of') is not none and not (model or {}).get('is_fingerprinted') -%}
    cast('{{ var('as_of') }}' as timestamp)
    {%- else -%}
    {{ newest_supported(relation, timestamp_column) }}
    {%- endif -%}
{%- endmacro %}
