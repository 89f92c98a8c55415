{% macro rejection_reasons(rules) -%}
    {#- Every rule that a row breaks, not only the first. A rule that is null is not broken. -#}
    list_filter(
        [
            {% for reason, is_broken in rules.items() -%}
            case when {{ is_broken }} then '{{ reason }}' end{{ ',' if not loop.last }}
            {% endfor -%}
        ],
        lambda reason: reason is not null
    )
{%- endmacro %}
