{% macro check_options() %}
    {#- First hook of a run: options that would harm the lake are rejected before anything is
        written. -#}
    {%- if not execute or flags.WHICH not in ['run', 'build', 'retry', 'seed'] -%}{%- do return('') -%}{%- endif -%}
    {%- do refuse_parallel_writes() -%}
    {%- do check_quarantined_share() -%}
    {%- do check_schema_drift() -%}
    {%- if invocation_args_dict.get('sample') is not none -%}
        {%- do exceptions.raise_compiler_error(
            "--sample is not supported: it reads a part of the rows, and the refresh log would record the others as"
            ~ " read. Nothing was written. Instead, build a separate lake (REELHOUSE_LAKE) from fewer files."
        ) -%}
    {%- endif -%}
    {%- if flags.EMPTY and run_query(
        "select 1 from " ~ source('ducklake', 'ducklake_data_file').render() ~ " inner join "
        ~ source('ducklake', 'ducklake_table').render() ~ " as tables using (table_id)"
        ~ " where tables.table_name = 'refresh_log' limit 1"
    ) | length > 0 -%}
        {%- do exceptions.raise_compiler_error(
            "--empty builds every table without rows, but this lake holds rows. Nothing was written. Use a separate"
            ~ " lake: REELHOUSE_LAKE=/tmp/empty dbt build --empty"
        ) -%}
    {%- endif -%}
{% endmacro %}

{% macro check_quarantined_share() %}
    {%- set limits = var('quarantined_share') -%}
    {%- set limits = {'default': limits} if limits is not mapping else limits -%}
    {%- do check_feed_names('quarantined_share', limits) -%}
    {%- for feed, limit in limits.items() -%}
        {%- if limit is not number or not 0 <= limit <= 1 -%}
            {%- do exceptions.raise_compiler_error(
                "The variable quarantined_share of " ~ feed ~ " is " ~ limit ~ ". Give a share from 0 to 1, such as 0.05 for 5 percent."
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{% macro check_schema_drift() %}
    {%- do check_feed_names('schema_drift', schema_drift_policies()) -%}
    {%- for feed, policy in schema_drift_policies().items() if policy not in ['warn', 'error', 'ignore'] -%}
        {%- do exceptions.raise_compiler_error(
            "The variable schema_drift of " ~ feed ~ " is " ~ policy ~ ". Give warn, error or ignore."
        ) -%}
    {%- endfor -%}
{% endmacro %}

{% macro check_feed_names(variable, values) %}
    {%- set feeds = [] -%}
    {%- for node in graph.nodes.values() if node.name.startswith('land_') -%}
        {%- do feeds.append(node.name | replace('land_', '', 1)) -%}
    {%- endfor -%}
    {%- for feed in values if feed != 'default' and feed not in feeds -%}
        {%- do exceptions.raise_compiler_error(
            "The variable " ~ variable ~ " names " ~ feed ~ ", which is no feed. The feeds are " ~ feeds | sort | join(", ") ~ "."
        ) -%}
    {%- endfor -%}
{% endmacro %}
