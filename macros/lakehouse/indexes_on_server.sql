{% macro indexes_on_server(served_table) -%}
    {#- Name, comment and whether it is whole; the primary key of a constraint is no index of ours. -#}
    {%- set sql -%}
        select relation.relname, coalesce(obj_description(relation.oid, 'pg_class'), ''), entry.indisvalid
        from pg_index as entry
        inner join pg_class as relation on entry.indexrelid = relation.oid
        where entry.indrelid = '{{ served_table }}'::regclass and not entry.indisprimary
    {%- endset -%}
    {%- do return(run_query(
        "select * from postgres_query('serving', " ~ dbt.string_literal(dbt.escape_single_quotes(sql)) ~ ")"
    ).rows) -%}
{%- endmacro %}
