{% macro insert_in_order(relation, sql, layout) %}
    {#- Each thread that writes leaves a sorted run of its own in every file, and a look-up reads all of
        them: what is partitioned and ordered is written by one thread. -#}
    {%- set threads = run_query("select current_setting('threads')").rows[0][0] -%}
    {%- set in_order = layout.partitioned_by and layout.sorted_by -%}
    {%- if in_order -%}{%- do run_query("set threads = 1") -%}{%- endif -%}
    {%- do run_query("insert into " ~ relation ~ " by name (" ~ clustered(sql, layout) ~ ")") -%}
    {%- if in_order -%}{%- do run_query("set threads = " ~ threads) -%}{%- endif -%}
{% endmacro %}
