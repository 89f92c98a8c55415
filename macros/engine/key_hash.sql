{% macro key_hash(value) -%}
    {{ adapter.dispatch('key_hash')(value) }}
{%- endmacro %}

{% macro default__key_hash(value) -%}
    (hash({{ value }}) % 1000000)
{%- endmacro %}
