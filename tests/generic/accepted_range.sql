{% test accepted_range(model, column_name, min_value, max_value) %}
select {{ column_name }}
from {{ model }}
where not coalesce({{ column_name }} between {{ min_value }} and {{ max_value }}, false)
{% endtest %}
