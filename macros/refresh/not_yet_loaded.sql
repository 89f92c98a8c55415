{% macro not_yet_loaded(rows, id, upstream, partition='dt') -%}
    {%- if not is_refresh() or is_rebuild() -%}
    true
    {%- else -%}
    not exists (
        select 1
        from {{ this }} as loaded_before
        where
            loaded_before.{{ id }} = {{ rows }}.{{ id }}
            and loaded_before.{{ partition }} in ({{ affected_partitions(judged_rows(upstream), partition) }})
    )
    {%- endif -%}
{%- endmacro %}
