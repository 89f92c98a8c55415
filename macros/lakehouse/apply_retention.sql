{% macro apply_retention(dry_run=false) %}
    {#- Deletes what is older than the `retention_days` of its table's layout. The days count back from the
        newest supported time of the table, or from `as_of` where that is earlier: a wrong `as_of` in the
        future deletes nothing. -#}
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
            {#- What was to be deleted is not lost: the next publication compares with what is left. -#}
            {%- do run_query(
                "update " ~ source('ledger', 'published_tables') ~ " set row_count = greatest(row_count - " ~ found ~ ", 0)"
                ~ " where table_schema = '" ~ limit.relation.schema ~ "' and table_name = '" ~ limit.relation.identifier ~ "'"
            ) -%}
        {%- endif -%}
    {%- else -%}
        {%- do log("No table has retention_days in its layout: everything is kept.", info=true) -%}
    {%- endfor -%}
    {%- if not dry_run -%}{%- do republish() -%}{%- endif -%}
{% endmacro %}
