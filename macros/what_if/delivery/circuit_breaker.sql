{% macro circuit_breaker(seconds) -%}
    {#- Each step advances every breaker to its next change of state. `calls` and `failures` are
        running totals, so a sliding window that restarted with the state is a difference of two of
        them, and the later of two starts has the greater total. -#}
    with recursive candidates as (
        select * from {{ seconds }}
        qualify coalesce(bool_or(
            calls - calls_before_window >= {{ var('circuit_breaker_minimum_calls') }}
            and failures - failures_before_window
            >= {{ var('circuit_breaker_failure_rate') }} * (calls - calls_before_window)
        ) over (partition by service_name, endpoint, dt), false)
    ),

    states as (
        select
            service_name,
            endpoint,
            dt,
            'closed' as state,
            cast(dt as timestamp) as started_at,
            cast(0 as bigint) as calls_at,
            cast(0 as bigint) as failures_at
        from candidates
        group by service_name, endpoint, dt

        union all

        select
            service_name,
            endpoint,
            dt,
            next_state as state,
            case next_state when 'half_open' then second_ts else second_ts + interval 1 second end as started_at,
            case next_state when 'half_open' then calls_before else calls end as calls_at,
            case next_state when 'half_open' then failures_before else failures end as failures_at
        from (
            select
                seconds.*,
                case
                    when states.state = 'open' then 'half_open'
                    when
                        states.state = 'half_open'
                        and seconds.failures - states.failures_at
                        < {{ var('circuit_breaker_failure_rate') }} * (seconds.calls - states.calls_at)
                        then 'closed'
                    else 'open'
                end as next_state
            from states
            inner join candidates as seconds
                on
                    states.service_name = seconds.service_name
                    and states.endpoint = seconds.endpoint
                    and states.dt = seconds.dt
                    and states.started_at <= seconds.second_ts
            where
                case states.state
                    when 'closed'
                        then
                            seconds.calls - greatest(states.calls_at, seconds.calls_before_window)
                            >= {{ var('circuit_breaker_minimum_calls') }}
                            and seconds.failures - greatest(states.failures_at, seconds.failures_before_window)
                            >= {{ var('circuit_breaker_failure_rate') }}
                            * (seconds.calls - greatest(states.calls_at, seconds.calls_before_window))
                    when 'open'
                        then
                            seconds.second_ts
                            >= states.started_at + interval ({{ var('circuit_breaker_open_seconds') }}) second
                    when 'half_open'
                        then seconds.calls - states.calls_at >= {{ var('circuit_breaker_half_open_calls') }}
                end
            qualify row_number() over (
                partition by seconds.service_name, seconds.endpoint, seconds.dt
                order by seconds.second_ts
            ) = 1
        ) as changes
    )

    select * from states
{%- endmacro %}
