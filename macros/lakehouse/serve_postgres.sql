{% macro serve_postgres(models=none) %}
    {#- Copies the models that have `meta.serving` to PostgreSQL: of each, the partitions that refreshes
        have written since the last time. -#}
    {#- In Python: dbt logs every statement, and this one would hold the server's password. -#}
    {%- do run_query("select connect_serving()") -%}
    {%- do on_server(
        "create table if not exists public.published_models"
        ~ " (model text primary key, refresh_id bigint not null, published_at timestamptz not null)"
    ) -%}
    {%- for node in graph.nodes.values() | sort(attribute='name')
        if (node.config.meta or {}).serving and node.name in (models or [node.name]) -%}
        {%- do publish_model(node) -%}
    {%- endfor -%}
{% endmacro %}
