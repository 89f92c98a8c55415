{% macro last_written(relation) -%}
    {#- Compiling and documenting must work without a lake, so only a run of tests reads the log.
        -#}
    {%- if not execute or flags.WHICH not in ['build', 'test', 'retry'] -%}{%- do return('true') -%}{%- endif -%}
    {%- set unpublished, newest = [], [] -%}
    {%- for name in logged_upstreams(relation.identifier) if name in logged_models() -%}
        {%- set logged = logged_models()[name] -%}
        {%- do newest.append((logged.batch_id, logged.first_batch_id)) -%}
        {%- if logged.first_unpublished_batch_id is not none -%}
            {%- do unpublished.append(logged.first_unpublished_batch_id) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return('batch_id >= ' ~ (unpublished | min if unpublished else (newest | max)[1] if newest else 0)) -%}
{%- endmacro %}
