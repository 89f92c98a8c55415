{% macro compaction_plan(budget_bytes, tables=none) %}
    {#- Worst partitions first, as many as the budget holds; one is always taken, or a partition larger
        than the budget would wait for ever. -#}
    {%- set found = run_query(
        "select table_schema, table_name, coalesce(partition_name, ''), compaction_method, files, files_expected, deleted_rows, bytes_to_rewrite"
        ~ " from " ~ ref('compaction_debt') ~ " where is_due"
        ~ (" and table_name in ('" ~ tables | join("', '") ~ "')" if tables else "")
        ~ " order by files - files_expected desc, deleted_rows desc, bytes_to_rewrite, table_name, partition_name"
    ) -%}
    {%- set steps = [] -%}
    {%- set spent = namespace(bytes=0) -%}
    {%- for row in found if not steps or spent.bytes + row[7] <= budget_bytes -%}
        {%- set spent.bytes = spent.bytes + row[7] -%}
        {%- do steps.append({
            'relation': api.Relation.create(database=target.database, schema=row[0], identifier=row[1]),
            'partition': row[2],
            'method': row[3],
            'files': row[4] | int,
            'files_expected': row[5] | int,
            'deleted_rows': row[6] | int,
            'bytes': row[7] | int,
        }) -%}
    {%- endfor -%}
    {%- do return(steps) -%}
{% endmacro %}
