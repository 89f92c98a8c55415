{% test within_range(model, column_name, lowest, highest) %}
select {{ column_name }}
from {{ model }}
where not coalesce({{ column_name }} between {{ lowest }} and {{ highest }}, false)
{% endtest %}
