{% macro is_rebuild() %}
    {#- Built from all batches: the first time, on demand, or because an upstream was built anew. -#}
    {%- do return(not is_incremental() or 0 in pending_batches()) -%}
{% endmacro %}
