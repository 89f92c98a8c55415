{% macro drop_judged_rows() %}
    {%- if is_refresh() -%}
        {%- do run_query("select drop_rows('" ~ judged_table(model.name | replace('quarantine_', 'stg_', 1)) ~ "')") -%}
    {%- endif -%}
{% endmacro %}
