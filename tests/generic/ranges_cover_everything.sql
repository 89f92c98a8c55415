{% test ranges_cover_everything(model, group_by, lowest, highest, rising) %}
with ranges as (
    select
        *,
        row_number() over by_speed as position,
        lag({{ highest }}) over by_speed as former_highest,
        lag({{ rising }}) over by_speed as former_rising,
        lead({{ lowest }}) over by_speed as next_lowest
    from {{ model }}
    window by_speed as (partition by {{ group_by }} order by {{ lowest }})
)

select
    *,
    case
        when position = 1 and {{ lowest }} <> 0 then 'does not begin at 0'
        when position > 1 and former_highest is null then 'follows a range without an end'
        when {{ lowest }} < former_highest then 'overlaps the range below'
        when {{ lowest }} > former_highest then 'begins above a gap'
        when {{ highest }} <= {{ lowest }} then 'is empty'
        when next_lowest is null and {{ highest }} is not null then 'leaves a gap above'
        when {{ rising }} <= former_rising then 'does not rise'
    end as complaint
from ranges
where complaint is not null
{% endtest %}
