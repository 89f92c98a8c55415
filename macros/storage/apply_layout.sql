{% macro apply_layout() %}
    {#- Start of a run: sets what differs between project and lake, and writes nothing if they
        agree. Existing files keep their form until compaction rewrites them. -#}
    {%- if not is_refresh() -%}{%- do return('') -%}{%- endif -%}
    {%- set known = {} -%}
    {%- for row in run_query(
        "select scope_entry, option_name, value from ducklake_options('" ~ target.database ~ "')"
    ) -%}
        {%- do known.update({(row[0] or '', row[1]): row[2] | lower | replace('v', '')}) -%}
    {%- endfor -%}
    {%- do set_options(known, '', var('layout')) -%}

    {%- set tables = lake_tables() -%}
    {%- for node in graph.nodes.values() if (node.schema, node.name) in tables -%}
        {%- set layout = table_layout(node.config) -%}
        {%- set relation = relation_of(node) -%}
        {%- do set_options(known, node.schema ~ '.' ~ node.name, (node.config.meta or {}).get('layout') or {}) -%}
        {%- set known_columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list
            if sort_keys(layout) | join(', ') != (tables[(node.schema, node.name)] or '') else none -%}
        {#- A table that lacks a column is rebuilt first: its refresh reports it. -#}
        {%- if known_columns is not none and not sort_keys(layout) | reject('in', known_columns) | list -%}
            {%- do run_query(
                "alter table " ~ relation ~ (
                    " set sorted by (" ~ sort_keys(layout) | join(", ") ~ ")" if sort_keys(layout)
                    else " reset sorted by"
                )
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{% macro set_options(known, scope, layout) %}
    {#- Options of the lake (scope ''), or of one table (scope 'schema.table'). -#}
    {%- set names = {
        'parquet_compression': 'parquet_compression',
        'parquet_version': 'parquet_version',
        'row_group_rows': 'parquet_row_group_size',
        'target_file_bytes': 'target_file_size',
    } -%}
    {%- set of_table = ", schema => '" ~ scope | replace(".", "', table_name => '") ~ "'" if scope else "" -%}
    {%- for line, option in names.items() if line in layout and known.get((scope, option)) != layout[line] | string -%}
        {%- do run_query(
            "call ducklake_set_option('" ~ target.database ~ "', '" ~ option ~ "', '" ~ layout[line]
            ~ ("B'" if line == "target_file_bytes" else "'") ~ of_table ~ ")"
        ) -%}
    {%- endfor -%}
{% endmacro %}
