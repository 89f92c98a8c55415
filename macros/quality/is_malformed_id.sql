{% macro is_malformed_id(column) -%}
    not coalesce(regexp_full_match({{ column }}, '[A-Za-z0-9_.:-]{1,64}'), false)
{%- endmacro %}
