{% macro raw_text(delivered='_delivered') -%}
    {#- The row as delivered: its line if the line could not be parsed, else its fields as JSON. -#}
    coalesce({{ delivered }}['line'], cast(to_json({{ delivered }}['fields']) as varchar))
{%- endmacro %}
