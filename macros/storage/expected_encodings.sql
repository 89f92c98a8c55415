{% macro expected_encodings() %}
    {#- One row per encoding that the project file sets: for a column, or (table null) for a type.
        -#}
    select
        cast(null as varchar) as table_name,
        cast(null as varchar) as name,
        cast(null as varchar) as encoding
    where false
    {%- for name, encoding in var('layout').encodings.items() %}
    union all
    select null, '{{ name }}', '{{ encoding }}'
    {%- endfor -%}
    {%- for node in (graph.nodes.values() if execute else []) if node.resource_type == 'model' -%}
        {%- for name, encoding in ((node.config.meta.layout or {}).encodings or {}).items() %}
    union all
    select '{{ node.name }}', '{{ name }}', '{{ encoding }}'
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
