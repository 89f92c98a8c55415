{% macro read_jsonl_files(group, columns) %}
    {%- set shape = {} -%}
    {%- for column in columns -%}{%- do shape.update({column: 'VARCHAR'}) -%}{%- endfor -%}
        select
            {% for column in columns -%}
                fields.{{ column }},
            {% endfor -%}
            case
                -- Most lines have the keys that the file's first ones have; if all are known, none is left over.
                when json_keys(object) is distinct from {{ expected_keys(group, columns) }}
                    then nullif(
                        cast(json_merge_patch(object, '{{ shape | tojson | replace('"VARCHAR"', 'null') }}') as varchar),
                        '{}'
                    )
            end as _unknown_columns,
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
