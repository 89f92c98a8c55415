{% macro duckdb__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
    {#- dbt's own version, except that a failure which `accept_refresh` accepts is a warning. -#}
    select
        {{ fail_calc }} as failures,
        {{ fail_calc }} {{ warn_if }} as should_warn,
        {{ 'false' if is_accepted() else fail_calc ~ ' ' ~ error_if }} as should_error
    from (
        {{ main_sql }}
        {{ "limit " ~ limit if limit is not none }}
    ) as dbt_internal_test
{%- endmacro %}
