{% macro hpa_desired_replicas(metric) -%}
    {%- set ratio, direction = 'hpa.' ~ metric ~ '_ratio', 'hpa.' ~ metric ~ '_direction' -%}
    {%- set proposal = 'ceil(' ~ ratio ~ ' * hpa.' ~ metric ~ '_counted)' -%}
    case
        when {{ direction }} is null then null
        when {{ ratio }} between 1 - hpa.scale_down_tolerance and 1 + hpa.scale_up_tolerance
            then hpa.replicas
        when sign({{ ratio }} - 1) <> {{ direction }} then hpa.replicas
        when {{ direction }} < 0 then least(hpa.replicas, {{ proposal }})
        else greatest(hpa.replicas, {{ proposal }})
    end
{%- endmacro %}
