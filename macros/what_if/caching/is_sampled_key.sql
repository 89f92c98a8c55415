{% macro is_sampled_key(key, rate) -%}
    {#- Always the same keys, so every reuse of a sampled key is seen. -#}
    {{ key_hash(key) }} < {{ rate }} * 1000000
{%- endmacro %}
