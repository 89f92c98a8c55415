{% macro log_view(seed) %}
    {#- Hook of a view that holds the rows of a seed as constants. A table that was built between
        the change of the seed and that of the view read the old constants: this entry makes it read
        the new ones. -#}
    {%- if is_refresh()
        and logged_models().get(seed, {}).get('batch_id', 0) > logged_models().get(this.identifier, {}).get('batch_id', 0) -%}
    {{ log_entry_sql('view', 0, {'written': 0, 'deleted': 0, 'partitions': 0}) }}
    {%- endif -%}
{% endmacro %}
