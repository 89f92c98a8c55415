{% macro feed_name() %}
    {%- do return(model.name | replace('land_', '', 1)) -%}
{% endmacro %}
