{% macro refuse_parallel_writes() %}
    {%- if target.threads > 1 -%}
        {%- do exceptions.raise_compiler_error(
            "dbt runs with " ~ target.threads ~ " threads, but DuckLake 1.5.5 corrupts memory when two threads"
            ~ " create tables at the same time. Nothing was written. Use 1 (`--threads 1`, or `threads: 1` in"
            ~ " profiles/profiles.yml): DuckDB itself uses all cores."
        ) -%}
    {%- endif -%}
{% endmacro %}
