{% macro find_new_files(required_columns, takes_logs=false) %}
    {%- if not is_refresh() -%}
        {%- if execute and flags.EMPTY -%}
            {%- do run_query(
                "create or replace temporary table " ~ new_files_table()
                ~ " (path varchar, file varchar, modified_at timestamp)"
            ) -%}
        {%- endif -%}
        {%- do return([]) -%}
    {%- endif -%}
    {%- set feed = feed_name() -%}
    {%- do refuse_sample_beside_own_data(feed) -%}

    {%- do run_query(new_files_sql(feed, required_columns, takes_logs)) -%}

    {%- set changed = run_query(
        "select file from " ~ new_files_table() ~ " where status = 'changed' order by file"
    ) -%}
    {%- if changed | length > 0 -%}
        {%- do exceptions.raise_compiler_error(
            "Feed " ~ feed ~ ": the content of a landed file has changed under its name: "
            ~ changed.columns[0].values() | join(", ")
            ~ ". A file lands once: put the file back as it was, or take it away, and deliver what is new under"
            ~ " another name (events that come again count once)."
        ) -%}
    {%- endif -%}

    {%- for file in run_query(
        "select file, reason from " ~ new_files_table() ~ " where status = 'rejected' order by file"
    ) -%}
        {%- do log("Rejected file " ~ file[0] ~ ": " ~ file[1], info=true) -%}
    {%- endfor -%}
    {%- set groups = [] -%}
    {%- for group in run_query(
        "select format, delimiter, is_utf8, compression, to_json(columns), to_json(list(path order by path)) from "
        ~ new_files_table() ~ " where status = 'landed'"
        ~ " group by format, delimiter, is_utf8, compression, columns, types order by all"
    ) -%}
        {%- do groups.append({
            "format": group[0],
            "delimiter": group[1],
            "is_utf8": group[2],
            "compression": group[3],
            "columns": fromjson(group[4]),
            "paths": fromjson(group[5]),
        }) -%}
    {%- endfor -%}
    {%- do return(groups) -%}
{% endmacro %}
