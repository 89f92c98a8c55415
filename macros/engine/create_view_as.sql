{% macro duckdb__create_view_as(relation, sql) %}
    {#- With `--empty`, dbt replaces the relations of a query by subqueries without rows. A view
        must not keep them. -#}
    {%- if config.get('contract').enforced -%}
    {{ get_assert_columns_equivalent(sql) }}
    {%- endif %}
    create view {{ relation }} as (
        {{ modules.re.sub('\\(select \\* from (\\S+) where false limit 0\\)', '\\1', sql) if flags.EMPTY else sql }}
    );
{% endmacro %}
