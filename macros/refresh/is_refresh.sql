{% macro is_refresh() %}
    {#- Compiling, testing and documenting the project must not open a delivered file or read the
        log. -#}
    {%- do return(
        execute and flags.WHICH in ['run', 'build', 'retry', 'seed']
        and not flags.EMPTY and not (model or {}).get('is_fingerprinted')
    ) -%}
{% endmacro %}
