{% macro retention_limits() %}
    {#- Table, time column and days of every built model that is to forget something, by the model's id. -#}
    {#- Before it is first built a table keeps nothing, and loses nothing. -#}
    {%- set built = lake_tables() -%}
    {%- set limits = {} -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- set layout = table_layout(node.config) -%}
        {#- A view keeps nothing, and rows without a day of their own cannot grow old. -#}
        {%- set column = '_delivered_at' if node.name.startswith('land_') else (layout.partitioned_by or [none])[0] -%}
        {%- if layout.retention_days is not none and column is not none and (node.schema, node.name) in built -%}
            {%- set relation = api.Relation.create(database=node.database, schema=node.schema, identifier=node.name) -%}
            {#- A wrong as_of in the future counts for nothing: the newest supported row is earlier. -#}
            {%- set nows = [
                "cast(" ~ as_of(relation, column) ~ " as date)",
                "cast(" ~ newest_supported(relation, column) ~ " as date)",
            ] -%}
            {#- A rebuild counts back from the newest event, which a history that is landed late leaves behind. -#}
            {%- for child in partitioned_children(node.unique_id) if node.name.startswith('land_') and (child.schema, child.name) in built -%}
                {%- set reader = api.Relation.create(database=child.database, schema=child.schema, identifier=child.name) -%}
                {%- do nows.append("cast(" ~ newest_supported(reader, child.config.partitioned_by[0]) ~ " as date)") -%}
            {%- endfor -%}
            {%- do limits.update({node.unique_id: {
                'name': node.name,
                'relation': relation,
                'column': column,
                'now': "least(" ~ nows | join(", ") ~ ")",
                'days': layout.retention_days | int,
            }}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(limits) -%}
{% endmacro %}
