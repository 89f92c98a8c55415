{% test reconciles_with(
    model, fact, keys, measures, found={}, partition='dt', fact_where='true', model_where='true', is_partial=false
) %}
{#- Compares keys and sums of an aggregate with the table that it is built from, for the keys with
    new rows in either. `keys` and `measures`: column of the aggregate, expression on the table. -#}
{%- set aggregate = api.Relation.create(identifier=(model | string | replace('"', '')).split('.')[-1]) -%}
{%- set partition_keys = [] -%}
{%- for name, expression in keys.items() if expression == partition -%}
    {%- do partition_keys.append(name) -%}
{%- endfor -%}
{%- set partition_key = partition_keys[0] -%}
{%- set written -%}
    {% if not is_partial -%}
    select
        {% for name, expression in keys.items() -%}
            {{ expression }} as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ fact }}
    where {{ last_written(fact) }} and {{ fact_where }}
    union
    {%- endif %}
    select distinct {{ keys.keys() | join(', ') }}
    from {{ model }}
    where {{ last_written(aggregate) }} and {{ model_where }}
{%- endset -%}
{#- Of a table that was rebuilt, every key is new. -#}
{%- set is_whole = 'batch_id >= 0' in [last_written(fact), last_written(aggregate)] -%}
{#- Literals, because only literals prune files before they are opened. -#}
{%- set partitions = "select distinct " ~ partition_key ~ " from written" -%}
{%- if not is_whole and execute and flags.WHICH in ['build', 'test', 'retry'] -%}
    {%- set partitions = partition_literals(run_query(
        "select distinct " ~ partition_key ~ " from (" ~ written ~ ") as written order by all"
    )) -%}
{%- endif -%}
with written as (
    {{ written }}
),

expected as (
    select
        {% for name, expression in keys.items() -%}
            {{ expression }} as {{ name }},
        {% endfor %}
        {% for name, expression in measures.items() -%}
            {{ expression }} as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ fact }}
    where
        {{ fact_where }}
        {% if not is_whole -%}
        and {{ partition }} in ({{ partitions }})
        and ({{ keys.values() | join(', ') }}) in (
            select ({{ keys.keys() | join(', ') }}) from written
        )
        {%- endif %}
    group by {{ keys.values() | join(', ') }}
),

found as (
    select
        {{ keys.keys() | join(', ') }},
        {% for name in measures -%}
            {{ found.get(name, 'sum(' ~ name ~ ')') }} as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ model }}
    where
        {{ model_where }}
        {% if not is_whole -%}
        and {{ partition_key }} in ({{ partitions }})
        and ({{ keys.keys() | join(', ') }}) in (
            select ({{ keys.keys() | join(', ') }}) from written
        )
        {%- endif %}
    group by {{ keys.keys() | join(', ') }}
)

select
    {% for name in keys -%}
        coalesce(expected.{{ name }}, found.{{ name }}) as {{ name }},
    {% endfor %}
    {% for name in measures -%}
        expected.{{ name }} as expected_{{ name }},
        found.{{ name }} as found_{{ name }}{{ ',' if not loop.last }}
    {% endfor %}
from expected
{{ 'right' if is_partial else 'full' }} join found
    on
        {% for name in keys -%}
            expected.{{ name }} = found.{{ name }} {{ 'and' if not loop.last }}
        {% endfor %}
where
    {% for name in measures -%}
        expected.{{ name }} is distinct from found.{{ name }} {{ 'or' if not loop.last }}
    {% endfor %}
{% endtest %}
