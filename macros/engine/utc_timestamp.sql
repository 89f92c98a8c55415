{% macro utc_timestamp(text) -%}
    {#- A cast to timestamp would drop an offset ("+05:30", "-08"). The cast that respects it is
        slower, so only texts with an offset use it. -#}
    case
        -- The year has four digits: adding an hour to "infinity" or to the year 294247 would
        -- overflow.
        when substr({{ text }}, 5, 1) not in ('-', '/', ' ') then null
        when contains({{ text }}, '+') or contains(substr({{ text }}, 9), '-')
            then
                case
                    -- No time zone is more than 14 hours from UTC.
                    when regexp_matches({{ text }}, '[+-](0?[0-9]|1[0-4])(:?[0-5][0-9])?$')
                        then try(cast(try_cast({{ text }} as timestamptz) as timestamp))
                end
        else try_cast({{ text }} as timestamp)
    end
{%- endmacro %}
