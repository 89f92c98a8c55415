{% macro touched_partitions(upstream, partition='dt') -%}
    {%- set found = run_query(
        "select distinct " ~ partition ~ " from " ~ upstream ~ " where " ~ arrived(upstream)
        ~ " and " ~ partition ~ " is not null order by all"
    ) -%}
    {{ partition_literals(found) }}
{%- endmacro %}
