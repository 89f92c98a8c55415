{% macro is_state_active(begin_event, end_event, window) -%}
    coalesce(last_value(
        case
            when event_type = '{{ begin_event }}' then true
            when event_type in ('{{ end_event }}', 'first_frame', 'playing') then false
        end ignore nulls
    ) over {{ window }}, false)
{%- endmacro %}
