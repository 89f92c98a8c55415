{% macro check_schema_handling() %}
    {%- set handling = config.get('on_schema_change') -%}
    {%- if handling not in ['fail', 'append_new_columns'] -%}
        {%- do exceptions.raise_compiler_error(
            "on_schema_change of " ~ model.name ~ " is '" ~ handling ~ "'. It can be 'fail' or 'append_new_columns':"
            ~ " a table never loses a column, nor leaves one out, without being rebuilt."
        ) -%}
    {%- endif -%}
{% endmacro %}
