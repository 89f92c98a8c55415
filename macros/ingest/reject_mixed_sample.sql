{% macro reject_mixed_sample() %}
    {#- Sample rows among your own data would be wrong and hard to notice. -#}
    {%- if not is_refresh() or '.land_' not in selected_resources | join -%}{%- do return('') -%}{%- endif -%}
    {%- set other = run_query(
        "select distinct landing_path from " ~ source('ledger', 'landed_files')
        ~ " where (landing_path = 'seeds/sample') <> (" ~ landing_path() ~ " = 'seeds/sample') order by all"
    ) -%}
    {%- if other | length > 0 -%}
        {%- do exceptions.raise_compiler_error(
            "This lake holds data from " ~ other.columns[0].values() | join(", ") ~ ", but landing_path is now "
            ~ var('landing_path') ~ ". The sample and your own data cannot share a lake: choose another lake"
            ~ " (environment variable REELHOUSE_LAKE), or delete this one with `make clean`."
        ) -%}
    {%- endif -%}
{% endmacro %}
