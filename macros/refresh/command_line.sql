{% macro command_line(command) %}
    {#- A command as the person who reads the message would type it: with the folders that this build was
        given (build.py notes them), or as plain dbt. -#}
    {%- set options, lake = env_var('REELHOUSE_OPTIONS', 'dbt'), env_var('REELHOUSE_LAKE', 'lake') -%}
    {%- set verb = command.split(' ')[0] -%}
    {%- if env_var('REELHOUSE_WORKSPACE', '') -%}
        {#- Its settings name the folders. -#}
        {%- do return((
            env_var('REELHOUSE_COMMAND', 'reelhouse') ~ (" dbt " if verb == 'run-operation' else " ") ~ command
            ~ (" " ~ options if options != 'dbt' and verb in ['build', 'replay'] else "")
        ) | trim) -%}
    {%- elif verb == 'query' -%}
        {%- do return("reelhouse query" ~ (" --lake '" ~ lake ~ "'" if lake != 'lake' else "")) -%}
    {%- elif verb == 'run-operation' -%}
        {%- do return(("REELHOUSE_LAKE='" ~ lake ~ "' " if options != 'dbt' and lake != 'lake' else "") ~ "dbt " ~ command) -%}
    {%- elif options != 'dbt' -%}
        {%- do return(("reelhouse " ~ command ~ " " ~ options) | trim) -%}
    {%- elif verb == 'replay' -%}
        {%- do return("dbt run-operation replay --args '{feed: " ~ command.split(' ')[1] ~ "}'`, then `dbt build") -%}
    {%- endif -%}
    {%- do return("dbt " ~ command) -%}
{% endmacro %}
