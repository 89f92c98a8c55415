{% macro is_rebuild() %}
    {#- Built from all batches: the first time, on demand, or because an upstream was built anew. -#}
    {%- do return(not is_incremental() or first_pending_batch(upstream_names(model)) == 0) -%}
{% endmacro %}
