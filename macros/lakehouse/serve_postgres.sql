{% macro serve_postgres(address=none, models=none) %}
    {#- Copies the models that have `meta.serving` to PostgreSQL: of each, the partitions that refreshes
        have written since the last time. -#}
    {%- set address = address or env_var('REELHOUSE_SERVING', '') -%}
    {%- if not address -%}
        {%- do exceptions.raise_compiler_error(
            "Where to? Set REELHOUSE_SERVING to a connection string, such as"
            ~ " 'host=127.0.0.1 port=5432 dbname=reelhouse user=publisher'."
        ) -%}
    {%- endif -%}
    {%- do run_query("load postgres") -%}
    {%- do run_query(
        "attach if not exists " ~ dbt.string_literal(dbt.escape_single_quotes(address)) ~ " as serving (type postgres)"
    ) -%}
    {%- do on_server(
        "create table if not exists public.published_models"
        ~ " (model text primary key, refresh_id bigint not null, published_at timestamptz not null)"
    ) -%}
    {%- for node in graph.nodes.values() | sort(attribute='name')
        if (node.config.meta or {}).serving and node.name in (models or [node.name]) -%}
        {%- do publish_model(node) -%}
    {%- endfor -%}
{% endmacro %}
