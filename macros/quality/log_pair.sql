{% macro log_pair(tail, names, value='[^\\s"]+') -%}
    {#- The value of the first `name=value` or `name="value"` in the tail; null if there is none. -#}
    case
        when contains({{ tail }}, '=')
            then nullif(nullif(
                regexp_extract({{ tail }}, '(?:^| )(?:{{ names | join("|") }})="?({{ value }})', 1), ''
            ), '-')
    end
{%- endmacro %}
