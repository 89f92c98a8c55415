{% macro event_data(unknown_columns) -%}
    {#- A map rejects a repeated key, so such text stays unchanged. -#}
    coalesce(
        {{ blank_to_null("(" ~ unknown_columns ~ " ->> '$.event_data')") }},
        case
            when len(list_distinct(json_keys({{ unknown_columns }}))) = len(json_keys({{ unknown_columns }}))
                then nullif(cast(to_json(map_from_entries(list_sort(list_filter(
                    map_entries(json_transform({{ unknown_columns }}, '"MAP(VARCHAR, VARCHAR)"')),
                    lambda field: ({{ blank_to_null("field['value']") }}) is not null
                )))) as varchar), '{}')
            else {{ unknown_columns }}
        end
    )
{%- endmacro %}
