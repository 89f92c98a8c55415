{% macro read_jsonl_files(group, columns) %}
    {%- set shape = {} -%}
    {%- for column in columns -%}{%- do shape.update({column: 'VARCHAR'}) -%}{%- endfor -%}
        select
            {% for column in columns -%}
                fields.{{ column }},
            {% endfor -%}
            {% if group.columns | reject('in', columns) | list -%}
            case when object is not null then nullif(
                cast(json_merge_patch(object, '{{ shape | tojson | replace('"VARCHAR"', 'null') }}') as varchar), '{}'
            ) end
            {%- else %}null{% endif %} as _unknown_columns,
            case when object is null then coalesce(_malformed, 'not_a_json_object') end as _malformed,
            case when object is null then line end as _raw,
            _path,
            _row
        from (
            select
                *,
                json_transform(object, '{{ shape | tojson }}') as fields
            from (
                select
                    *,
                    case
                        when _malformed is null and json_valid(line)
                            then case when json_type(line) = 'OBJECT' then line end
                    end as object
                from ({{ read_lines(group) }})
            )
        )
{% endmacro %}
