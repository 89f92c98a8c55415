{% macro apply_retention(dry_run=false) %}
    {#- Deletes rows older than the `retention_days` in the layout of their table. The days count
        back from the newest supported time of the table, or from `as_of` if that is earlier: a
        wrong `as_of` in the future deletes nothing. -#}
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
            {#- Rows deleted on purpose are not lost: the next publication compares with the
                remaining rows. -#}
            {%- do run_query(
                "update " ~ source('ledger', 'published_tables') ~ " set row_count = greatest(row_count - " ~ found ~ ", 0)"
                ~ " where table_schema = '" ~ limit.relation.schema ~ "' and table_name = '" ~ limit.relation.identifier ~ "'"
            ) -%}
        {%- endif -%}
    {%- else -%}
        {%- do log("No table sets retention_days in its layout: all rows are kept.", info=true) -%}
    {%- endfor -%}
    {%- if not dry_run -%}{%- do republish() -%}{%- endif -%}
{% endmacro %}

{% macro retention_limits() %}
    {#- Table, time column and days of every built model with a retention, by the model's id. -#}
    {#- A table that was never built keeps nothing and loses nothing. -#}
    {%- set built = lake_tables() -%}
    {%- set limits = {} -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- set layout = table_layout(node.config) -%}
        {#- Views store no rows, and rows without a day cannot age. -#}
        {%- set column = '_delivered_at' if node.name.startswith('land_') else (layout.partitioned_by or [none])[0] -%}
        {%- if layout.retention_days is not none and column is not none and (node.schema, node.name) in built -%}
            {%- set relation = relation_of(node) -%}
            {#- A wrong as_of in the future has no effect: the newest supported row is earlier. -#}
            {%- set nows = [
                "cast(" ~ as_of(relation, column) ~ " as date)",
                "cast(" ~ newest_supported(relation, column) ~ " as date)",
            ] -%}
            {#- A rebuild counts back from the newest event, so landing does too, even if the
                history landed late. -#}
            {%- for child in partitioned_children(node.unique_id) if node.name.startswith('land_') and (child.schema, child.name) in built -%}
                {%- set reader = relation_of(child) -%}
                {%- do nows.append("cast(" ~ newest_supported(reader, child.config.partitioned_by[0]) ~ " as date)") -%}
            {%- endfor -%}
            {%- do limits.update({node.unique_id: {
                'name': node.name,
                'relation': relation,
                'column': column,
                'now': "least(" ~ nows | join(", ") ~ ")",
                'days': layout.retention_days | int,
            }}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(limits) -%}
{% endmacro %}

{% macro check_retention(limits) %}
    {#- A table must not keep rows longer than its upstream: the next rebuild would silently lose
        the difference. A landed row counts from its delivery, which clocks may place before the
        event. -#}
    {%- for id, limit in limits.items() -%}
        {%- set spare_days = (var('clock_skew_hours') / 24) | round(0, 'ceil') | int if limit.name.startswith('land_') else 0 -%}
        {%- for child in partitioned_children(id) -%}
            {%- set days = table_layout(child.config).retention_days -%}
            {%- if days is none or days + spare_days > limit.days -%}
                {%- do exceptions.raise_compiler_error(
                    "retention_days of " ~ limit.name ~ " is " ~ limit.days ~ ", but " ~ child.name ~ ", which is built from it, keeps "
                    ~ (days if days is not none else "everything") ~ ": a rebuild would lose the difference. Set the"
                    ~ " retention_days of " ~ child.name ~ " to at most " ~ (limit.days - spare_days) ~ "."
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}

{% macro partitioned_children(id) %}
    {#- Partitioned tables that read a model, directly or through a view. -#}
    {%- set children = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and id in node.depends_on.nodes -%}
        {%- if node.config.materialized == 'view' -%}
            {%- do children.extend(partitioned_children(node.unique_id)) -%}
        {%- elif node.config.get('partitioned_by') -%}
            {%- do children.append(node) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(children) -%}
{% endmacro %}
