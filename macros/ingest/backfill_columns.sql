{% macro backfill_columns(relation, columns) %}
    {#- What files delivered before their feed had a column is in `_unknown_columns`: it moves to the column. -#}
    {%- if not is_refresh() -%}{%- do return('') -%}{%- endif -%}
    {%- set moved, gone = [], {} -%}
    {%- for column in columns -%}
        {%- do moved.append(adapter.quote(column) ~ " = json_extract_string(_unknown_columns, '/" ~ column ~ "')") -%}
        {%- do gone.update({column: none}) -%}
    {%- endfor -%}
    {%- set rows = run_query(
        "update " ~ relation ~ " set " ~ moved | join(", ") ~ ", _unknown_columns = nullif(cast(json_merge_patch(_unknown_columns, '"
        ~ tojson(gone) ~ "') as varchar), '{}') where list_has_any(json_keys(_unknown_columns), [" ~ text_list(columns) ~ "])"
    ).columns[0].values()[0] | int -%}
    {%- if rows -%}
        {%- do log(
            "Feed " ~ feed_name() ~ ": the new columns " ~ columns | join(", ") ~ " have their values in "
            ~ "{:,}".format(rows) ~ " rows that had landed before (from _unknown_columns).", info=true
        ) -%}
    {%- endif -%}
{% endmacro %}
