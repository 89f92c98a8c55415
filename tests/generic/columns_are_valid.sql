{% test columns_are_valid(model, not_null=[], unique=[], accepted_values={}, accepted_ranges={}) %}
{#- Rules of many columns in one scan. A run of tests logs each broken rule with its column, because
    dbt itself reports only the name of the test. -#}
{%- set rules = [] -%}
{%- for column in not_null -%}
    {%- do rules.append((column, 'not_null', column ~ ' is null', 'cast(to_json(tested) as varchar)')) -%}
{%- endfor -%}
{%- for column, values in accepted_values.items() -%}
    {%- set listed = values | map('string') | map('replace', "'", "''") | join("', '") -%}
    {%- do rules.append((column, 'accepted_values', column ~ " not in ('" ~ listed ~ "')", 'cast(' ~ column ~ ' as varchar)')) -%}
{%- endfor -%}
{%- for column, limits in accepted_ranges.items() -%}
    {%- set outside = 'not coalesce(' ~ column ~ ' between ' ~ limits[0] ~ ' and ' ~ limits[1] ~ ', false)' -%}
    {%- do rules.append((column, 'accepted_range', outside, 'cast(' ~ column ~ ' as varchar)')) -%}
{%- endfor -%}
{%- set scan -%}
with tested as (
    select * from {{ model }}
),

checked as (
    select unnest([
        {% for column, rule, broken, example in rules -%}
        {
            'column_name': '{{ column }}',
            'rule': '{{ rule }}',
            'failing_rows': count(*) filter (where {{ broken }}),
            'example': any_value({{ example }}) filter (where {{ broken }})
        }{{ ',' if unique or not loop.last }}
        {% endfor -%}
        {% for column in unique -%}
        {
            'column_name': '{{ column }}',
            'rule': 'unique',
            'failing_rows': count({{ column }}) - count(distinct {{ column }}),
            'example': cast(mode({{ column }}) as varchar)
        }{{ ',' if not loop.last }}
        {% endfor -%}
    ], recursive := true)
    from tested
)

select * from checked
where failing_rows > 0
{%- endset -%}
{%- if not execute or flags.WHICH not in ['build', 'test', 'retry'] -%}
{{ scan }}
{%- else -%}
    {%- set broken = run_query(scan).rows -%}
    {%- set name = (model | string | replace('"', '')).split(' where ')[0].split('.')[-1] -%}
    {%- for column, rule, failing_rows, example in broken -%}
        {%- do log(
            name ~ "." ~ column ~ ": " ~ failing_rows ~ " rows break the rule " ~ rule ~ ", such as "
            ~ (example or 'null') | truncate(200), info=true
        ) -%}
    {%- endfor -%}
select
    column_name,
    rule,
    failing_rows,
    example
from (
    values
        (null, null, null, null)
    {%- for column, rule, failing_rows, example in broken %},
        ('{{ column }}', '{{ rule }}', {{ failing_rows }}, {{ "'" ~ example | replace("'", "''") ~ "'" if example is not none else 'null' }})
    {%- endfor %}
) as broken_rules (column_name, rule, failing_rows, example)
where rule is not null
{%- endif %}
{% endtest %}
