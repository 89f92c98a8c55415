{% macro table_layout(config) %}
    {#- Layout of a table: the options of the project (variable `layout`), overridden by those of
        the model. -#}
    {%- set layout = {
        'partitioned_by': config.get('partitioned_by') or [],
        'sorted_by': config.get('sorted_by') or [],
    } -%}
    {%- do layout.update(var('layout')) -%}
    {%- do layout.update((config.get('meta') or {}).get('layout') or {}) -%}
    {%- do return(layout) -%}
{% endmacro %}
