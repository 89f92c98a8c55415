{% macro create_lake_table(relation, sql) %}
    {%- if config.get('contract').enforced -%}
    {{ get_assert_columns_equivalent(sql) }}
    create or replace table {{ relation }} {{ get_table_columns_and_constraints() }};
    {%- else -%}
    create or replace table {{ relation }} as (
        select * from (
            {{ sql }}
        ) as model_sql
        limit 0
    );
    {%- endif %}
    {% if config.get('partitioned_by') -%}
    alter table {{ relation }} set partitioned by ({{ config.get('partitioned_by') | join(', ') }});
    {% endif -%}
    {% if config.get('sorted_by') -%}
    alter table {{ relation }} set sorted by ({{ config.get('sorted_by') | join(', ') }});
    {% endif -%}
{% endmacro %}
