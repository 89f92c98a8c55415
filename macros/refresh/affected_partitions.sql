{% macro affected_partitions(upstream, partition='dt') -%}
    {%- set found = run_query(
        "select distinct " ~ partition ~ " from " ~ upstream ~ " where " ~ new_batches(upstream)
        ~ " and " ~ partition ~ " is not null order by all"
    ) -%}
    {{ partition_literals(found) }}
{%- endmacro %}
