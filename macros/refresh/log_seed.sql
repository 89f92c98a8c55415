{% macro log_seed() %}
    {#- Hook of every seed: commits with its rows. -#}
    {%- if is_refresh() -%}
    {%- set rows = '(select count(*) from ' ~ this ~ ')' -%}
    {{ log_entry_sql('seed', 0, {'written': rows, 'deleted': 0, 'partitions': 0}, checksum=model.checksum.checksum) }}
    {%- endif -%}
{% endmacro %}
