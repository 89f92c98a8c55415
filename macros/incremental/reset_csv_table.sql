{% macro duckdb__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {#- dbt's own empties the table and fails when the file has other columns than before. -#}
    {% call statement('drop') -%}
        drop table {{ old_relation }}
    {%- endcall %}
    {%- do return(create_csv_table(model, agate_table)) -%}
{% endmacro %}
