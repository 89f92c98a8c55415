{% macro delivered_files_table() %}
    {%- do return('temp.main.delivered_files__' ~ feed_name()) -%}
{% endmacro %}
