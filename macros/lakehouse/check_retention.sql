{% macro check_retention(limits) %}
    {#- A table may not outlive what it is built from: the next rebuild would silently lose the difference.
        A landed row counts from its delivery, which clocks may put before the event. -#}
    {%- for id, limit in limits.items() -%}
        {%- set spare_days = (var('clock_skew_hours') / 24) | round(0, 'ceil') | int if limit.name.startswith('land_') else 0 -%}
        {%- for child in partitioned_children(id) -%}
            {%- set days = table_layout(child.config).retention_days -%}
            {%- if days is none or days + spare_days > limit.days -%}
                {%- do exceptions.raise_compiler_error(
                    limit.name ~ " would keep " ~ limit.days ~ " days, and " ~ child.name ~ ", which is built from it, keeps "
                    ~ (days if days is not none else "everything") ~ ": a rebuild would lose the difference. Give "
                    ~ child.name ~ " retention_days of at most " ~ (limit.days - spare_days) ~ "."
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
