{% macro set_commit_message(purpose, facts) %}
    {#- Stores the purpose of the current transaction in the lake's catalog. -#}
    {%- do run_query(
        "call ducklake_set_commit_message('" ~ target.database ~ "', 'reelhouse', '" ~ purpose ~ "', extra_info => '"
        ~ tojson(facts) | replace("'", "''") ~ "')"
    ) -%}
{% endmacro %}
