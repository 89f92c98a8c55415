{% macro judged_table(staging_model) %}
    {#- Named like the model, so that filters by batch apply to both. -#}
    {%- do return(api.Relation.create(database='memory', schema='main', identifier=staging_model)) -%}
{% endmacro %}
