{% macro check_columns(relation, delta) %}
    {#- On every refresh, before a row is written: the query against its contract and its table. -#}
    {%- set contract = config.get('contract').enforced -%}
    {%- set described = {'query': {}, 'table': {}, 'contract': {}} -%}
    {%- for row in run_query(
        "select 'query', column_name, column_type from (describe " ~ delta ~ ")"
        ~ " union all select 'table', column_name, column_type from (describe " ~ relation ~ ")"
        ~ (
            " union all select 'contract', column_name, column_type from (describe "
            ~ get_empty_schema_sql(model.columns) ~ ")" if contract else ""
        )
    ) -%}
        {%- do described[row[0]].update({row[1] | lower: row[2]}) -%}
    {%- endfor -%}
    {%- if contract and described.query != described.contract -%}
        {%- do exceptions.raise_compiler_error(
            "The query of " ~ model.name ~ " and the contract in its properties file differ. "
            ~ column_differences(described.query, described.contract, "contract")
            ~ " Nothing was written. Bring the two together."
        ) -%}
    {%- endif -%}
    {%- set added = described.query.keys() | reject('in', described.table) | list -%}
    {%- set only_added = described.table.items() | reject('in', described.query.items()) | list | length == 0 -%}
    {%- if described.query != described.table and not (only_added and config.get('on_schema_change') == 'append_new_columns') -%}
        {%- do exceptions.raise_compiler_error(
            "The query of " ~ model.name ~ " no longer fits its table " ~ relation ~ ". "
            ~ column_differences(described.query, described.table, "table") ~ " Nothing was written. "
            ~ (
                "Landing is never rebuilt: give the model the columns of its table again" if is_landing_model()
                else "Rebuild it: dbt build --full-refresh --select " ~ model.name ~ "+ (then a whole build publishes it)"
            )
            ~ ("; or keep its rows, with null in the new columns: on_schema_change: append_new_columns" if only_added)
            ~ "."
        ) -%}
    {%- endif -%}
    {%- for name in added -%}
        {%- do run_query("alter table " ~ relation ~ " add column " ~ adapter.quote(name) ~ " " ~ described.query[name]) -%}
    {%- endfor -%}
{% endmacro %}

{% macro column_differences(query, other, name_of_other) %}
    {%- set added, dropped, changed = [], [], [] -%}
    {%- for column, type in query.items() -%}
        {%- if column not in other -%}
            {%- do added.append(column ~ " " ~ type) -%}
        {%- elif other[column] != type -%}
            {%- do changed.append(column ~ " from " ~ other[column] ~ " to " ~ type) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for column, type in other.items() if column not in query -%}
        {%- do dropped.append(column ~ " " ~ type) -%}
    {%- endfor -%}
    {%- do return(
        "Against the " ~ name_of_other ~ ", the query has: " ~ [
            "added " ~ added | join(", ") if added,
            "dropped " ~ dropped | join(", ") if dropped,
            "changed " ~ changed | join(", ") if changed,
        ] | select | join("; ") ~ "."
    ) -%}
{% endmacro %}

{% macro check_schema_handling() %}
    {%- set handling = config.get('on_schema_change') -%}
    {%- if handling not in ['fail', 'append_new_columns'] -%}
        {%- do exceptions.raise_compiler_error(
            "on_schema_change of " ~ model.name ~ " is '" ~ handling ~ "'. It can be 'fail' or 'append_new_columns':"
            ~ " a table never loses a column, nor leaves one out, without being rebuilt."
        ) -%}
    {%- endif -%}
{% endmacro %}
