{% macro refuse_parallel_writes() %}
    {%- if target.threads > 1 -%}
        {%- do exceptions.raise_compiler_error(
            "dbt was given " ~ target.threads ~ " threads, and DuckLake 1.5.5 corrupts memory when two of them"
            ~ " create tables at once. Nothing was written. Use 1 (`--threads 1`, `threads: 1` in"
            ~ " profiles/profiles.yml): DuckDB itself uses every core."
        ) -%}
    {%- endif -%}
{% endmacro %}
