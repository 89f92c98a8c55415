{% macro exists_in_database(catalog_entry) %}
    {#- Asked until it is there: each question reads the whole catalog. -#}
    {%- set known = graph.setdefault('exists_in_database', {}) -%}
    {%- if catalog_entry not in known and run_query("select 1 from " ~ catalog_entry ~ " limit 1") -%}
        {%- do known.update({catalog_entry: true}) -%}
    {%- endif -%}
    {%- do return(catalog_entry in known) -%}
{% endmacro %}
