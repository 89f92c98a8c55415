{% macro utc_timestamp(text) -%}
    {#- The UTC time that a text says; null if it says none. A cast to timestamp would drop an offset
        ("+05:30", "-08"); the cast that heeds it is slower, so only texts with an offset go there. -#}
    case
        -- The year has four digits: "infinity" and the year 294247 break the arithmetic of whoever adds an hour.
        when substr({{ text }}, 5, 1) not in ('-', '/', ' ') then null
        when contains({{ text }}, '+') or contains(substr({{ text }}, 9), '-')
            then
                case
                    -- No zone is further than 14 hours from UTC.
                    when regexp_matches({{ text }}, '[+-](0?[0-9]|1[0-4])(:?[0-5][0-9])?$')
                        then try(cast(try_cast({{ text }} as timestamptz) as timestamp))
                end
        else try_cast({{ text }} as timestamp)
    end
{%- endmacro %}
