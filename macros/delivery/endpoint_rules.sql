{% macro endpoint_rules() %}
    {%- set rules = ref('endpoint_rules') -%}
    {%- if not is_refresh() -%}{%- do return([]) -%}{%- endif -%}
    {%- do return(run_query("select pattern, replacement from " ~ rules ~ " order by rule_order").rows) -%}
{% endmacro %}
