{% macro log_view(seed) %}
    {#- A hook of a view whose SQL holds the rows of a seed as constants. A table built between the seed's
        change and the view's still read the old constants: this entry makes it read the new ones. -#}
    {%- if is_refresh() and run_query(
        "select coalesce(max(batch_id) filter (model = '" ~ seed ~ "'), 0) > coalesce(max(batch_id) filter (model = '"
        ~ this.identifier ~ "'), 0) from " ~ source('ledger', 'refresh_log')
    ).rows[0][0] -%}
    {{ log_entry_sql('view', 0, {'written': 0, 'deleted': 0, 'partitions': 0}) }}
    {%- endif -%}
{% endmacro %}
