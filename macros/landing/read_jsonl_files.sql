{% macro read_jsonl_files(group, columns) %}
    {%- set shape = {} -%}
    {%- for column in columns -%}{%- do shape.update({column: 'VARCHAR'}) -%}{%- endfor -%}
        select
            {% for column in columns -%}
                fields.{{ column }},
            {% endfor -%}
            case
                when not has_expected_keys
                    then nullif(
                        cast(json_merge_patch(object, '{{ shape | tojson | replace('"VARCHAR"', 'null') }}') as varchar),
                        '{}'
                    )
            end as _unknown_columns,
            case when object is null then coalesce(problem, 'not_a_json_object') end as _malformed,
            case when object is null then line end as _raw,
            _number,
            _row
        from (
            select
                *,
                case when problem is null then found end as object,
                json_transform(object, '{{ shape | tojson }}') as fields
            from (
                select
                    *,
                    -- Most lines have the keys that the file's first ones have, all known and each once.
                    keys is not distinct from expected_keys as has_expected_keys,
                    case
                        when not has_expected_keys and len(keys) > len(list_distinct(keys)) then 'duplicate_json_key'
                        else _malformed
                    end as problem
                from (
                    select
                        lines.*,
                        new_files.expected_keys,
                        case
                            when _malformed is null and json_valid(line)
                                then case when json_type(line) = 'OBJECT' then line end
                        end as found,
                        json_keys(found) as keys
                    from ({{ read_lines(group) }}) as lines
                    inner join {{ new_files_table() }} as new_files
                        on lines._number = new_files.number
                )
            )
        )
{% endmacro %}
