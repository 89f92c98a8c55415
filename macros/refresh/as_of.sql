{% macro as_of(relation, timestamp_column) -%}
    {#- "Now" is not part of a model's logic. -#}
    {%- if var('as_of') is not none and not (model or {}).get('is_fingerprinted') -%}
    cast('{{ var('as_of') }}' as timestamp)
    {%- else -%}
    {{ newest_supported(relation, timestamp_column) }}
    {%- endif -%}
{%- endmacro %}
