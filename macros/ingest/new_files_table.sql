{% macro new_files_table() %}
    {%- do return('temp.main.new_files__' ~ feed_name()) -%}
{% endmacro %}
