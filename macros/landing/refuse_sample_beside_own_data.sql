{% macro refuse_sample_beside_own_data(feed) %}
    {#- Sample rows in somebody's own figures would be wrong and hard to see. -#}
    {%- set other = run_query(
        "select distinct landing_path from " ~ source('ledger', 'landed_files') ~ " where feed = '" ~ feed ~ "'"
        ~ " and (landing_path = 'seeds/sample') <> (" ~ landing_path() ~ " = 'seeds/sample')"
    ) -%}
    {%- if other | length > 0 -%}
        {%- do exceptions.raise_compiler_error(
            "This lake was filled from " ~ other.columns[0].values() | join(", ") ~ " and landing_path is now "
            ~ var('landing_path') ~ ". The sample and your own data do not mix: choose another lake"
            ~ " (environment variable REELHOUSE_LAKE), or remove this one with `make clean`."
        ) -%}
    {%- endif -%}
{% endmacro %}
