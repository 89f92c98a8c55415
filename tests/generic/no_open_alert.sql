{% test no_open_alert(model, of_severity) %}
select *
from {{ model }}
where is_open and severity = '{{ of_severity }}'
{% endtest %}
