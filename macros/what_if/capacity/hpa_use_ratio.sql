{% macro hpa_use_ratio(metric) -%}
    {%- set known = 'hpa.' ~ metric ~ '_known_pods' -%}
    {%- set usage = 'hpa.' ~ metric ~ '_usage_milli' -%}
    {%- set utilization = 'hpa.' ~ metric ~ '_utilization_percent' -%}
    {%- set target = 'hpa.' ~ metric ~ '_target_percent' -%}
    {{ metric }}_direction := sign({{ utilization }} - {{ target }}),
    -- Pods that can't be judged are guessed so that they slow the change down.
    {{ metric }}_counted := case when {{ utilization }} > {{ target }} then hpa.replicas else {{ known }} end,
    {{ metric }}_ratio := case
        when {{ utilization }} > {{ target }} then {{ usage }} // (hpa.replicas * 10)
        when {{ utilization }} < {{ target }}
            then ({{ usage }} + ({{ known }} - hpa.{{ metric }}_pods) * 10 * greatest(100, {{ target }}))
                // ({{ known }} * 10)
        else {{ usage }} // ({{ known }} * 10)
    end / cast({{ target }} as double)
{%- endmacro %}
