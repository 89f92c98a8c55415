{% macro near_touched(upstream, days_before, days_after, day='dt') -%}
    {%- if not is_refresh() or is_rebuild() -%}
    true
    {%- else -%}
    {%- set touched_days = touched_partitions(upstream) -%}
    {{ day }} between list_min(cast([{{ touched_days }}] as date [])) - {{ days_before }}
    and list_max(cast([{{ touched_days }}] as date [])) + {{ days_after }}
    {%- endif -%}
{%- endmacro %}
