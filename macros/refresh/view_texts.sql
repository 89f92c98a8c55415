{% macro view_texts(names) %}
    {%- if not names -%}{%- do return([]) -%}{%- endif -%}
    {%- do return(run_query(
        "select sql from " ~ source('ducklake', 'ducklake_view')
        ~ " where end_snapshot is null and view_name in ('" ~ names | join("', '") ~ "') order by view_name"
    ).columns[0].values() | list) -%}
{% endmacro %}
