{% macro find_new_files(required_columns, optional_columns=[]) %}
    {%- if not is_refresh() -%}
        {%- if execute and flags.EMPTY -%}
            {%- do run_query(
                "create or replace temporary table " ~ new_files_table()
                ~ " (number bigint, file varchar, status varchar)"
            ) -%}
        {%- endif -%}
        {%- do return([]) -%}
    {%- endif -%}
    {%- set feed = feed_name() -%}
    {%- do refuse_sample_beside_own_data(feed) -%}

    {%- set left_behind = run_query("select clear_taken('" ~ feed ~ "')").rows[0][0] -%}
    {%- if left_behind -%}
        {%- do log(
            "Feed " ~ feed ~ ": an earlier refresh was stopped while it landed " ~ left_behind
            ~ ". If this one stops as well, take these files away and bring them back one by one.", info=true
        ) -%}
    {%- endif -%}
    {%- do run_query(delivered_files_sql(feed)) -%}
    {%- do run_query(new_files_sql(feed, required_columns, optional_columns)) -%}

    {%- for file in run_query(
        "select file, reason from " ~ new_files_table() ~ " where status = 'rejected' order by file"
    ) -%}
        {%- do log("Rejected file " ~ file[0] ~ ": " ~ file[1], info=true) -%}
    {%- endfor -%}
    {#- What has changed under its name is mentioned on every refresh, until somebody has decided. -#}
    {%- for file in run_query(
        "select file, known_reason from " ~ delivered_files_table()
        ~ " where known_status = 'rejected' and has_landed order by file"
    ) -%}
        {%- do log("Still rejected file " ~ file[0] ~ ": " ~ file[1], info=true) -%}
    {%- endfor -%}
    {%- set groups = [] -%}
    {%- for group in run_query(
        "select format, delimiter, to_json(any_value(columns)), to_json(list(distinct copy order by copy)) from "
        ~ new_files_table() ~ " where status = 'landed' and copy is not null"
        ~ " group by format, delimiter, case when format = 'parquet' then [columns, types] end order by all"
    ) -%}
        {%- do groups.append({
            "format": group[0],
            "delimiter": group[1],
            "columns": fromjson(group[2]),
            "paths": fromjson(group[3]),
        }) -%}
    {%- endfor -%}
    {%- do return(groups) -%}
{% endmacro %}
