{% macro is_unknown_member(column, reference, reference_column=none) -%}
    coalesce({{ column }} not in (select {{ reference_column or column }} from {{ reference }}), true)
{%- endmacro %}
