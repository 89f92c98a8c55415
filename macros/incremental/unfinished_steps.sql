{% macro unfinished_steps(results) %}
    {%- set failed, names = [], [] -%}
    {#- A check tagged `layout` judges how rows are stored: it never keeps them from readers. -#}
    {%- for result in results
        if result.status not in ['success', 'pass', 'warn', 'no-op'] and 'layout' not in result.node.tags -%}
        {%- do failed.append(result) -%}
        {%- if result.status != 'skipped' -%}{%- do names.append(result.node.name) -%}{%- endif -%}
    {%- endfor -%}
    {%- set left_out = steps_left_out(results) -%}
    {%- if failed -%}
        {%- set more = names | length - 5 -%}
        {%- do return(
            failed | length ~ " of " ~ results | length ~ " steps did not succeed"
            ~ (": " ~ names[:5] | join(", ") if names else "") ~ (" and " ~ more ~ " more" if more > 0 else "")
        ) -%}
    {%- elif left_out -%}
        {%- do return(left_out | length ~ " steps were left out; run the whole `dbt build`") -%}
    {%- endif -%}
    {%- do return("") -%}
{% endmacro %}
