{% macro split_fields(line, delimiter, field_count) -%}
    {#- Null when the line has another number of fields or a quote that does not close. -#}
    case
        when _malformed is not null then null
        when not contains({{ line }}, '"')
            then
                case
                    when len(string_split({{ line }}, '{{ delimiter }}')) = {{ field_count }}
                        then string_split({{ line }}, '{{ delimiter }}')
                end
        when
            len({{ quoted_fields(line, delimiter) }}) = {{ field_count }}
            and len(array_to_string({{ quoted_fields(line, delimiter) }}, '{{ delimiter }}')) = len({{ line }})
            then list_transform(
                {{ quoted_fields(line, delimiter) }},
                lambda field: case
                    when starts_with(field, '"') then replace(field[2:-2], '""', '"')
                    else field
                end
            )
    end
{%- endmacro %}
