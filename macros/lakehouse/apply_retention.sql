{% macro apply_retention(dry_run=false) %}
    {#- Deletes what is older than the `retention_days` of its table's layout, counted back from as_of. -#}
    {%- set limits = retention_limits() -%}
    {%- do check_retention(limits) -%}
    {%- for limit in limits.values() -%}
        {%- set rows = limit.relation ~ " where " ~ limit.column ~ " < " ~ limit.now ~ " - "
            ~ limit.days -%}
        {%- set found = run_query("select count(*) from " ~ rows).rows[0][0] | int -%}
        {%- do log(
            limit.relation ~ ": " ~ ("would drop " if dry_run else "dropped ") ~ found ~ " rows older than "
            ~ limit.days ~ " days", info=true
        ) -%}
        {%- if found > 0 and not dry_run -%}
            {%- do run_query("delete from " ~ rows) -%}
        {%- endif -%}
    {%- else -%}
        {%- do log("No table has retention_days in its layout: everything is kept.", info=true) -%}
    {%- endfor -%}
{% endmacro %}
