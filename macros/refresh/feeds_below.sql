{% macro feeds_below(node) %}
    {#- SQL list of the feeds whose staging a model reads. -#}
    {%- set feeds = [] -%}
    {%- for name in views_below(node) if name.startswith('stg_') -%}{%- do feeds.append(name | replace('stg_', '', 1)) -%}{%- endfor -%}
    {%- do return("cast([" ~ text_list(feeds) ~ "] as varchar[])") -%}
{% endmacro %}
