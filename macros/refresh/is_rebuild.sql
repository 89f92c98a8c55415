{% macro is_rebuild() %}
    {#- Built from all batches: the first time, on demand, or because an upstream was built anew. What
        `--empty` builds holds no rows (check_options). -#}
    {%- do return(
        not is_incremental() or flags.EMPTY or first_pending_batch(upstream_names(model)) == 0
        or (var('rebuild_outdated') and is_outdated())
    ) -%}
{% endmacro %}
