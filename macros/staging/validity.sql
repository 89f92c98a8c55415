{% macro is_malformed_id(column) -%}
    not coalesce(regexp_full_match({{ column }}, '[A-Za-z0-9_.:-]{1,64}'), false)
{%- endmacro %}


{% macro is_unknown_member(column, reference, reference_column=none) -%}
    coalesce({{ column }} not in (select {{ reference_column or column }} from {{ reference }}), true)
{%- endmacro %}


{% macro is_absurd_timestamp(column) -%}
    {#- An event can't be later than the file that reports it, but for clocks that differ. -#}
    {{ column }} < cast('{{ var('earliest_event_date') }}' as timestamp)
    or {{ column }} > _delivered_at + interval ({{ var('clock_skew_hours') }}) hour
{%- endmacro %}


{% macro raw_text(columns) -%}
    {#- The row as delivered: its line where it could not be read, else its fields as JSON. -#}
    coalesce(
        _raw,
        cast(json_object({% for column in columns %}'{{ column }}', {{ column }}{{ ', ' if not loop.last }}{% endfor %}) as varchar)
    )
{%- endmacro %}
