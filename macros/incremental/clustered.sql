{% macro clustered(sql) %}
    select * from (
        {{ sql }}
    ) as model_sql
    {%- set order = (config.get('partitioned_by') or []) + (config.get('sorted_by') or []) -%}
    {% if order %}
    order by {{ order | join(', ') }}
    {%- endif %}
{% endmacro %}
