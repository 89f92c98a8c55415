{% macro new_files_table() %}
    {#- Not temporary: the reader of rows has a connection of its own, and sees it there. -#}
    {%- do return('memory.main.new_files__' ~ feed_name()) -%}
{% endmacro %}
