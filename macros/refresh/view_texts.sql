{% macro view_texts(names) %}
    {%- if not names -%}{%- do return([]) -%}{%- endif -%}
    {%- set texts = run_query(
        "select sql from " ~ source('ducklake', 'ducklake_view')
        ~ " where end_snapshot is null and view_name in ('" ~ names | join("', '") ~ "') order by view_name"
    ).columns[0].values() -%}
    {#- What mappings do to some files' rows is no logic of all rows: mapped_otherwise compares it file by file. -#}
    {%- set own = [] -%}
    {%- for text in texts -%}{%- do own.append(without_mappings(text)) -%}{%- endfor -%}
    {%- do return(own) -%}
{% endmacro %}
