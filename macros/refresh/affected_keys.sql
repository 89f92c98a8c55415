{% macro affected_keys(upstream, keys, partition='dt') -%}
    {%- if not is_refresh() or is_rebuild() -%}
    true
    {%- else -%}
    {#- The partitions are literals, because only literals prune files before they are opened. -#}
    {{ partition }} in ({{ affected_partitions(upstream, partition) }})
    and ({{ keys | join(', ') }}) in (
        select ({{ keys | join(', ') }})
        from {{ upstream }}
        where {{ new_batches(upstream) }}
    )
    {%- endif -%}
{%- endmacro %}
