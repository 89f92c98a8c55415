{% macro set_commit_message(purpose, facts) %}
    {#- Says in the lake's catalog what the running transaction is for. -#}
    {%- do run_query(
        "call ducklake_set_commit_message('" ~ target.database ~ "', 'reelhouse', '" ~ purpose ~ "', extra_info => '"
        ~ tojson(facts) | replace("'", "''") ~ "')"
    ) -%}
{% endmacro %}
