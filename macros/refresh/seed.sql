{#- dbt loads every seed on every build. This version loads a seed only if its file has changed, and
    records it in the refresh log, so that dependent tables are rebuilt. -#}
{% materialization seed, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set logged = logged_models().get(model.name, {}).get('seed_checksum') -%}
    {%- if existing is not none and logged == model.checksum.checksum and not should_full_refresh() -%}
        {%- do store_result('agate_table', response='OK', agate_table=load_agate_table()) -%}
        {%- call noop_statement('main', 'UNCHANGED', 'UNCHANGED', 0) -%}{%- endcall -%}
        {{ return({'relations': [this.incorporate(type='table')]}) }}
    {%- endif -%}
    {{ return(dbt.materialization_seed_default()) }}
{% endmaterialization %}

{% macro duckdb__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {#- dbt's own version empties the table and fails if the file has other columns than before. -#}
    {% call statement('drop') -%}
        drop table {{ old_relation }}
    {%- endcall %}
    {%- do return(create_csv_table(model, agate_table)) -%}
{% endmacro %}
