{% macro new_rows_table() %}
    {%- do return('memory.main.new_rows__' ~ feed_name()) -%}
{% endmacro %}
