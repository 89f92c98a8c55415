{% macro rows_checksum(rows) %}
    {#- Two sums of the rows' hashes, neither of which depends on their order. -#}
    {%- set found = run_query(
        "select count(*), bit_xor(hash(rows)), sum(hash(rows) % 1000000007) from (select * from " ~ rows ~ ") as rows"
    ).rows[0] -%}
    {%- do return([found[0] | string, found[1] | string, found[2] | string]) -%}
{% endmacro %}
