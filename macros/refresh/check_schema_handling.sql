{% macro check_schema_handling() %}
    {%- set handling = config.get('on_schema_change') -%}
    {%- if handling not in ['fail', 'append_new_columns'] -%}
        {%- do exceptions.raise_compiler_error(
            "on_schema_change of " ~ model.name ~ " is '" ~ handling ~ "'. Set it to 'fail' or 'append_new_columns':"
            ~ " only a rebuild removes or ignores a column."
        ) -%}
    {%- endif -%}
{% endmacro %}
