{% macro hpa_use_ratio(metric) -%}
    {%- set target = 'policy.' ~ metric ~ '_target_percent' -%}
    {{ metric }}_demand_milli * {{ metric }}_pods // {{ metric }}_known_pods as {{ metric }}_usage_milli,
    {{ metric }}_known_pods - {{ metric }}_pods as {{ metric }}_missing,
    {{ metric }}_usage_milli // ({{ metric }}_pods * 10) as {{ metric }}_utilization_percent,
    sign({{ metric }}_utilization_percent - {{ target }}) as {{ metric }}_direction,
    -- Pods that can't be judged are guessed so that they slow the change down.
    {{ metric }}_pods + {{ metric }}_missing
    + case when {{ metric }}_direction > 0 then {{ metric }}_unready else 0 end as {{ metric }}_counted,
    {{ metric }}_usage_milli + case
        when {{ metric }}_direction < 0 then {{ metric }}_missing * 10 * greatest(100, {{ target }})
        else 0
    end as {{ metric }}_guessed_milli,
    ({{ metric }}_guessed_milli // ({{ metric }}_counted * 10)) / cast({{ target }} as double)
        as {{ metric }}_ratio
{%- endmacro %}
