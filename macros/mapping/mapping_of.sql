{% macro mapping_of(mappings, file) -%}
    {%- if not mappings -%}
    cast(null as varchar)
    {%- else -%}
    case
        {% for mapping in mappings -%}
        when
            {% for pattern in mapping.files -%}
            {{ file }} glob {{ dbt.string_literal(dbt.escape_single_quotes(pattern)) }}{{ ' or ' if not loop.last }}
            {%- endfor %}
            then '{{ mapping.name }}'
        {% endfor -%}
    end
    {%- endif -%}
{%- endmacro %}
