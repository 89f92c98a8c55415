{% macro is_rebuild() %}
    {#- True the first time, on demand, and if an upstream was rebuilt. A table built with `--empty`
        holds no rows (check_options). -#}
    {%- do return(
        not is_incremental() or flags.EMPTY or first_pending_batch(upstream_names(model)) == 0
        or (var('rebuild_outdated') and is_outdated())
    ) -%}
{% endmacro %}
