{% macro delete_keys(relation, delta, keys, partition) %}
    {#- A key that holds the partition column is looked for in the touched partitions only. -#}
    {%- set pruning = "true" -%}
    {%- if partition in keys -%}
        {%- set pruning = partition ~ " in (" ~ partition_literals(
            run_query("select distinct " ~ partition ~ " from " ~ delta ~ " order by all")
        ) ~ ")" -%}
    {%- endif -%}
    {%- set deleted = run_query(
        "delete from " ~ relation ~ " where " ~ pruning ~ " and (" ~ keys | join(", ") ~ ") in (select ("
        ~ keys | join(", ") ~ ") from " ~ delta ~ ")"
    ) -%}
    {%- do return(deleted.columns[0].values()[0] | int) -%}
{% endmacro %}
