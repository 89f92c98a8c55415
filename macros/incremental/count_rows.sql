{% macro count_rows(relation, partition) %}
    {%- set found = run_query(
        "select count(*), count(distinct " ~ (partition or "null") ~ ") from " ~ relation
    ).rows[0] -%}
    {%- do return({'written': found[0] | int, 'partitions': found[1] | int}) -%}
{% endmacro %}
