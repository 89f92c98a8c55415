{% macro schema_drift_policies() %}
    {%- set given = var('schema_drift') -%}
    {%- do return(dict({'default': 'warn'}, **(given if given is mapping else {'default': given}))) -%}
{% endmacro %}
