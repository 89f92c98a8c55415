{% macro hpa_use(metric) -%}
    {%- set usage = 'sync.' ~ metric ~ '_demand_milli * hpa.' ~ metric ~ '_pods // hpa.' ~ metric ~ '_known_pods' -%}
    {{ metric }}_usage_milli := {{ usage }},
    {{ metric }}_utilization_percent := {{ usage }} // (hpa.{{ metric }}_pods * 10)
{%- endmacro %}
