{% test one_group_is_chosen(model, group_by, chosen) %}
select
    count(distinct {{ group_by }}) filter ({{ chosen }}) as groups_chosen,
    count(distinct {{ group_by }}) filter (not {{ chosen }})
    + count(distinct {{ group_by }}) filter ({{ chosen }})
    - count(distinct {{ group_by }}) as groups_divided
from {{ model }}
having groups_chosen <> 1 or groups_divided <> 0
{% endtest %}
