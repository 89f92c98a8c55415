{% macro hours_ago(hours, at_latest=none) -%}
    {#- Files have an age by the wall clock, whatever day their rows are of. -#}
    {%- set time = modules.datetime.datetime.utcnow() - modules.datetime.timedelta(hours=hours) -%}
    timestamptz '{{ [time, at_latest or time] | min }}+00'
{%- endmacro %}
