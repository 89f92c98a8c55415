{% macro check_columns(relation, delta) %}
    {#- Runs on every refresh before a row is written: compares the query with its contract and its
        table. -#}
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
            ~ " Nothing was written. Correct the query or the contract."
        ) -%}
    {%- endif -%}
    {%- set added = described.query.keys() | reject('in', described.table) | list -%}
    {%- set only_added = described.table.items() | reject('in', described.query.items()) | list | length == 0 -%}
    {%- if described.query != described.table and not (only_added and config.get('on_schema_change') == 'append_new_columns') -%}
        {%- do exceptions.raise_compiler_error(
            "The query of " ~ model.name ~ " no longer fits its table " ~ relation ~ ". "
            ~ column_differences(described.query, described.table, "table") ~ " Nothing was written. "
            ~ (
                "Landing is never rebuilt: restore the columns of its table in the model" if is_landing_model()
                else "Rebuild it: " ~ command_line("build") ~ " --full-refresh --select " ~ model.name ~ "+ (then a complete build publishes it)"
            )
            ~ ("; or keep its rows, with null in the new columns: set on_schema_change: append_new_columns" if only_added)
            ~ "."
        ) -%}
    {%- endif -%}
    {%- for name in added -%}
        {%- do run_query("alter table " ~ relation ~ " add column " ~ adapter.quote(name) ~ " " ~ described.query[name]) -%}
    {%- endfor -%}
    {%- if added and is_landing_model() -%}{%- do backfill_columns(relation, added) -%}{%- endif -%}
{% endmacro %}
