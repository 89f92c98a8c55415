{% macro check_landing_path() %}
    {#- Hook of every run: a wrong landing path stops the run here, once, and not in each feed. -#}
    {%- if not is_refresh() -%}{%- do return('') -%}{%- endif -%}
    {%- set feeds, landing = [], [] -%}
    {%- for node in graph.nodes.values() if node.name.startswith('land_') -%}
        {%- do feeds.append(node.name | replace('land_', '', 1)) -%}
        {%- if node.unique_id in selected_resources -%}{%- do landing.append(node.name) -%}{%- endif -%}
    {%- endfor -%}
    {%- if landing -%}
        {%- set unread = run_query(
            "select unread_input(" ~ landing_path() ~ ", " ~ feeds | tojson | replace('"', "'") ~ ", "
            ~ var('follow_links_out_of_landing') ~ ")"
        ).rows[0][0] -%}
        {%- for line in fromjson(unread) -%}
            {%- do log("Not read: " ~ line, info=true) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
