{% macro mapped_value(column) -%}
    {#- What cannot be read stays as it is: staging says what is wrong with it. -#}
    {%- set value = column.sql -%}
    {%- if column.microseconds or column.format or column.time_zone -%}
        {%- set value = mapped_timestamp(value, column) -%}
    {%- elif column.factor or column.round -%}
        {%- set value = mapped_number(value, column) -%}
    {%- endif -%}
    {%- if column.members -%}
        {%- set value = mapped_member(value, column) -%}
    {%- endif -%}
    {{ 'coalesce(' ~ value ~ ', ' ~ text_list([column.missing]) ~ ')' if column.missing is defined else value }}
{%- endmacro %}

{% macro mapped_timestamp(value, column) -%}
    {%- set zone = text_list([column.time_zone or 'UTC']) -%}
    {%- if column.microseconds -%}
        {#- A double is exact to the microsecond until the year 2255; nanoseconds need all 64 bits. A decimal
            takes 400 times as long. -#}
        {%- if column.microseconds < 1 -%}
            {%- set time = 'try(make_timestamp(try_cast(' ~ value ~ ' as bigint) // 1000))' -%}
        {%- else -%}
            {%- set time -%}
            try(make_timestamp(cast(round(try_cast({{ value }} as double) * {{ column.microseconds }}) as bigint)))
            {%- endset -%}
        {%- endif -%}
    {%- elif column.format -%}
        {%- set parsed = 'try_strptime(' ~ value ~ ', ' ~ text_list([column.format]) ~ ')' -%}
        {%- if '%z' in column.format or '%Z' in column.format -%}
            {%- set time = 'try(' ~ parsed ~ " at time zone 'UTC')" -%}
        {%- else -%}
            {%- set time = 'try(' ~ parsed ~ ' at time zone ' ~ zone ~ " at time zone 'UTC')" -%}
        {%- endif -%}
    {%- else -%}
        {%- set time -%}
            case
                when regexp_matches(substr({{ value }}, 11), '[zZ]$|[+-][0-9:]+$') then {{ utc_timestamp(value) }}
                else try(try_cast({{ value }} as timestamp) at time zone {{ zone }} at time zone 'UTC')
            end
        {%- endset -%}
    {%- endif -%}
    {#- A text that is no time: null would let an optional time pass, and the value itself might be one
        in another format. -#}
    coalesce(cast({{ time }} as varchar), 'not in the format of the mapping: ' || {{ value }})
{%- endmacro %}

{% macro mapped_number(value, column) -%}
    {%- set number = parsed_number(value) -%}
    {%- if column.factor -%}
        {#- Six decimals hide the binary fraction of the factor. -#}
        {%- set number = 'round(' ~ column.factor ~ ' * ' ~ number ~ ', 6)' -%}
    {%- endif -%}
    {%- if column.round -%}
        {%- set number = {'nearest': 'round', 'down': 'floor', 'up': 'ceil'}[column.round] ~ '(' ~ number ~ ')' -%}
    {%- endif -%}
    coalesce(cast({{ number }} as varchar), {{ value }})
{%- endmacro %}

{% macro mapped_member(value, column) -%}
    case lower({{ value }})
        {% for spelling, member in column.members.items() -%}
        when {{ text_list([spelling]) }} then {{ text_list([member]) }}
        {% endfor -%}
        else {{ 'case when ' ~ value ~ ' is not null then ' ~ text_list([column.unknown_as]) ~ ' end' if column.unknown == 'as' else value }}
    end
{%- endmacro %}
