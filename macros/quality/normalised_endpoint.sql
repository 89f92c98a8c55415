{% macro normalised_endpoint(path) -%}
    {#- The patterns are constants in the SQL: DuckDB would compile a regular expression from a
        column again for every row. -#}
    {%- set expression = namespace(sql="regexp_extract(" ~ path ~ ", '^(?:[a-z]+://[^/]+)?([^?#]*)', 1)") -%}
    {%- for rule in endpoint_rules() -%}
        {%- set pattern = dbt.string_literal(dbt.escape_single_quotes(rule[0])) -%}
        {%- set replacement = dbt.string_literal(dbt.escape_single_quotes(rule[1])) -%}
        {%- set expression.sql = "regexp_replace(" ~ expression.sql ~ ", " ~ pattern ~ ", " ~ replacement ~ ", 'g')" -%}
    {%- endfor -%}
    {{ expression.sql }}
{%- endmacro %}

{% macro endpoint_rules() %}
    {%- set rules = ref('endpoint_rules') -%}
    {%- if not is_refresh() -%}{%- do return([]) -%}{%- endif -%}
    {%- do return(run_query("select pattern, replacement from " ~ rules ~ " order by rule_order").rows) -%}
{% endmacro %}
