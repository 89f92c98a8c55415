{% macro on_server(sql, in_transaction=true) %}
    {%- do run_query(
        "call postgres_execute('serving', " ~ dbt.string_literal(dbt.escape_single_quotes(sql))
        ~ ("" if in_transaction else ", use_transaction => false") ~ ")"
    ) -%}
{% endmacro %}
