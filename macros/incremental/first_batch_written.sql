{% macro first_batch_written(rebuild, rows_written) %}
    {#- What the log says of this refresh: 0 for a rebuild, none when nothing was there to read. -#}
    {%- if is_landing_model() -%}
        {%- do return(refresh_id() if rows_written > 0 else none) -%}
    {%- elif rebuild -%}
        {%- do return(0) -%}
    {%- endif -%}
    {%- do return(pending_batches() | min if pending_batches() else none) -%}
{% endmacro %}
