{% macro reconcile_indexes(node, served_table, is_new=false) %}
    {#- Each index bears its definition as a comment: so a changed one is seen, and one that somebody
        else made is left alone. On a table that has readers nothing is locked. -#}
    {%- set wanted = {} -%}
    {%- for index in node.config.meta.serving.indexes -%}
        {%- do wanted.update({index.name: index_definition(index)}) -%}
    {%- endfor -%}
    {%- set former = node.config.meta.serving.indexes | map(attribute='formerly') | list -%}
    {%- set kept = [] -%}
    {%- for name, definition, is_valid in ([] if is_new else indexes_on_server(served_table)) -%}
        {%- if is_valid and wanted.get(name) == definition -%}
            {%- do kept.append(name) -%}
        {%- elif name in wanted or name in former or definition.startswith('reelhouse: ') -%}
            {%- do on_server("drop index concurrently " ~ node.schema ~ "." ~ name, in_transaction=false) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for index in node.config.meta.serving.indexes if index.name not in kept -%}
        {%- do on_server(
            "create " ~ ("unique " if index.unique else "") ~ "index " ~ ("" if is_new else "concurrently ")
            ~ index.name ~ " on " ~ served_table ~ " " ~ index.columns,
            in_transaction=is_new
        ) -%}
        {%- do on_server(
            "comment on index " ~ node.schema ~ "." ~ index.name ~ " is '" ~ wanted[index.name] ~ "'",
            in_transaction=is_new
        ) -%}
        {%- do log(served_table ~ ": made index " ~ index.name ~ " " ~ index.columns, info=not is_new) -%}
    {%- endfor -%}
{% endmacro %}
