{% macro create_lake_table(relation, sql, layout) %}
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
    {% if layout.partitioned_by -%}
    alter table {{ relation }} set partitioned by ({{ layout.partitioned_by | join(', ') }});
    {% endif -%}
    {% if sort_keys(layout) -%}
    alter table {{ relation }} set sorted by ({{ sort_keys(layout) | join(', ') }});
    {% endif -%}
{% endmacro %}
