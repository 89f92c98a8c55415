{% macro policy_of(service_name, reference) -%}
    case
        when {{ service_name }} in (select service_name from {{ reference }}) then {{ service_name }}
        else 'default'
    end
{%- endmacro %}
