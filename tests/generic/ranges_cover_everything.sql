{% test ranges_cover_everything(model, group_by, lowest, rising) %}
with ranges as (
    select
        *,
        lag({{ lowest }}) over in_order as former_lowest,
        {% for column in rising -%}
            lag({{ column }}) over in_order as former_{{ column }},
        {% endfor -%}
        row_number() over in_order as position
    from {{ model }}
    window in_order as (partition by {{ group_by | join(', ') }} order by {{ lowest }})
)

select
    *,
    case
        when position = 1 and {{ lowest }} <> 0 then 'does not begin at 0'
        when {{ lowest }} = former_lowest then 'begins where another range does'
        {%- for column in rising %}
        when {{ column }} <= former_{{ column }} then '{{ column }} does not rise'
        {%- endfor %}
    end as complaint
from ranges
where complaint is not null
{% endtest %}
