{% macro quoted_fields(line, delimiter) -%}
    regexp_extract_all({{ line }} || '{{ delimiter }}', '("(?:[^"]|"")*"|[^"{{ delimiter }}]*)[{{ delimiter }}]', 1)
{%- endmacro %}
