{% macro own_mapping_file(feed, batch_id) -%}
    {#- Where a message suggests to write a mapping: a new name per feed and delivery. -#}
    {%- set folder = var('mappings_path') or var('landing_path') ~ '/mappings' -%}
    {{ text_list([folder ~ '/' ~ feed ~ '_' ~ batch_id ~ '.yml']) }}
{%- endmacro %}
