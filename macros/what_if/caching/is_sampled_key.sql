{% macro is_sampled_key(key, rate) -%}
    {#- Always the same keys: a reuse is seen when its key is. -#}
    {{ key_hash(key) }} < {{ rate }} * 1000000
{%- endmacro %}
