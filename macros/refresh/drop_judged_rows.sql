{% macro drop_judged_rows() %}
    {%- if is_refresh() -%}
        {%- set staging_model = model.name | replace('quarantine_', 'stg_', 1) -%}
        {%- do run_query("select drop_rows('" ~ judged_table(staging_model) ~ "')") -%}
        {%- do graph.setdefault('judged_rows', {}).pop(staging_model, none) -%}
    {%- endif -%}
{% endmacro %}
