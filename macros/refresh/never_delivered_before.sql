{% macro never_delivered_before(rows, id, upstream, partition='dt') -%}
    {%- if not is_refresh() or is_rebuild() -%}
    true
    {%- else -%}
    not exists (
        select 1
        from {{ this }} as delivered_before
        where
            delivered_before.{{ id }} = {{ rows }}.{{ id }}
            and delivered_before.{{ partition }} in ({{ touched_partitions(upstream, partition) }})
    )
    {%- endif -%}
{%- endmacro %}
