{% macro milliseconds_between(earlier, later) -%}
    {{ return(adapter.dispatch('milliseconds_between', 'reelhouse')(earlier, later)) }}
{%- endmacro %}

{% macro default__milliseconds_between(earlier, later) -%}
    (epoch_ms({{ later }}) - epoch_ms({{ earlier }}))
{%- endmacro %}

{% macro spark__milliseconds_between(earlier, later) -%}
    (unix_millis({{ later }}) - unix_millis({{ earlier }}))
{%- endmacro %}
