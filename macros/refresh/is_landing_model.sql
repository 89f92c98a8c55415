{% macro is_landing_model() %}
    {%- do return(model.name.startswith('land_')) -%}
{% endmacro %}
