{#- dbt would make each table a view of itself, because all targets of this project share one lake.
    -#}
{% materialization clone, adapter='duckdb' %}
    {%- do exceptions.raise_compiler_error(
        "dbt clone is not supported: it creates a view of each table, and a refresh needs tables. Nothing was written."
        ~ " Copy the lake's folder instead: cp -a lake /tmp/lake, then REELHOUSE_LAKE=/tmp/lake dbt build"
    ) -%}
{% endmaterialization %}
