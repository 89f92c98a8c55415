{% macro table_layout(config) %}
    {#- How a table lies on disk: the project's lines (variable `layout`), changed by the model's own. -#}
    {%- set layout = {
        'partitioned_by': config.get('partitioned_by') or [],
        'sorted_by': config.get('sorted_by') or [],
    } -%}
    {%- do layout.update(var('layout')) -%}
    {%- do layout.update((config.get('meta') or {}).get('layout') or {}) -%}
    {%- do return(layout) -%}
{% endmacro %}
