{% macro harmonic_mean(values) -%}
    {{ return(adapter.dispatch('harmonic_mean', 'reelhouse')(values)) }}
{%- endmacro %}

{% macro default__harmonic_mean(values) -%}
    case
        when len({{ values }}) = 0 then null
        when list_min({{ values }}) = 0 then 0
        else len({{ values }}) / list_sum(list_transform({{ values }}, lambda number: 1.0 / number))
    end
{%- endmacro %}

{% macro spark__harmonic_mean(values) -%}
    case
        when size({{ values }}) = 0 then null
        when array_min({{ values }}) = 0 then 0
        else size({{ values }}) / aggregate({{ values }}, 0d, (total, number) -> total + 1.0d / number)
    end
{%- endmacro %}
