{#- dbt would make each table a view of itself: all targets of this project share one lake. -#}
{% materialization clone, adapter='duckdb' %}
    {%- do exceptions.raise_compiler_error(
        "dbt clone makes a view of each table, and a refresh needs tables. Nothing was written. To try something on"
        ~ " a copy, copy the lake's folder: cp -a lake /tmp/lake, then REELHOUSE_LAKE=/tmp/lake dbt build"
    ) -%}
{% endmaterialization %}
