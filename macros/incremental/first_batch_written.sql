{% macro first_batch_written(rebuild) %}
    {#- What the log says of this refresh: 0 for a rebuild, none when nothing was there to read. -#}
    {%- if not is_refresh() -%}{%- do return(none) -%}{%- endif -%}
    {%- if is_landing_model() -%}
        {#- A file that was judged takes the number of this refresh, whether or not it brought a row. -#}
        {%- set judged = run_query("select 1 from " ~ new_files_table() ~ " limit 1") | length > 0 -%}
        {%- do return(refresh_id() if judged else none) -%}
    {%- elif rebuild -%}
        {%- do return(0) -%}
    {%- endif -%}
    {%- do return(first_pending_batch(upstream_names(model))) -%}
{% endmacro %}
