{% macro forget_files(files) %}
    {%- do run_query(create_ledgers()) -%}
    {%- do run_query("begin transaction") -%}
    {%- for file in files -%}
        {%- set literal = dbt.string_literal(dbt.escape_single_quotes(file)) -%}
        {%- set feed = file.split('/') | first -%}
        {%- set known = run_query(
            "select count(*) from " ~ source('ledger', 'landed_files') ~ " where file = " ~ literal
        ).rows[0][0] -%}
        {%- if not known -%}
            {%- do run_query("rollback") -%}
            {%- do exceptions.raise_compiler_error(
                "The ledger has no file " ~ file ~ ". The column `file` of ledger.landed_files lists the known files."
            ) -%}
        {%- endif -%}
        {%- set landing = api.Relation.create(
            database=target.database, schema=generate_schema_name('landing', none), identifier='land_' ~ feed
        ) -%}
        {%- do run_query("delete from " ~ landing ~ " where _file = " ~ literal) -%}
        {%- do run_query("delete from " ~ source('ledger', 'landed_files') ~ " where file = " ~ literal) -%}
        {%- do run_query("delete from " ~ source('ledger', 'replays') ~ " where file = " ~ literal) -%}
        {%- do log("Forgotten: " ~ file ~ ". Now run `dbt build --full-refresh`.", info=true) -%}
    {%- endfor -%}
    {%- do run_query("commit") -%}
{% endmacro %}
