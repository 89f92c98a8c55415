{% macro rename_columns_of_older_lakes() %}
    {#- Until version 0.1 one number had five names. Renames the columns of such a lake once. -#}
    {%- if not is_refresh() -%}{%- do return('') -%}{%- endif -%}
    {%- set new_names = {
        "batch": "batch_id", "_batch_id": "batch_id", "refresh_id": "batch_id",
        "first_batch": "first_batch_id", "partitions_touched": "partitions_affected",
    } -%}
    {%- for column in run_query(
        "select columns.schema_name, columns.table_name, columns.column_name from duckdb_columns() as columns"
        ~ " inner join duckdb_tables() as tables using (database_name, schema_name, table_name)"
        ~ " where database_name = '" ~ target.database ~ "' and columns.column_name in ('"
        ~ new_names | join("', '") ~ "') and not columns.internal order by all"
    ) -%}
        {%- set relation = api.Relation.create(database=target.database, schema=column[0], identifier=column[1]) -%}
        {%- do run_query(
            "alter table " ~ relation.render() ~ " rename column " ~ column[2] ~ " to " ~ new_names[column[2]]
        ) -%}
    {%- endfor -%}
{% endmacro %}
