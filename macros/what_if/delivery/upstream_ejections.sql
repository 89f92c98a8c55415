{% macro upstream_ejections(attempts) -%}
    {#- nginx counts a server's failures until it answers successfully after fail_timeout. From
        max_fails on, each failure ejects it for fail_timeout. Only failures change that state, so
        only they are processed; the answers between them are reduced to one timestamp each. -#}
    with answered as (
        select
            *,
            max(request_ts) filter (not is_failed) over (
                partition by service_name, dt, upstream_server
                order by request_ts, request_id
                rows unbounded preceding
            ) as last_answered_ts
        from {{ attempts }}
    ),

    servers as (
        select
            service_name,
            dt,
            upstream_server,
            list(request_ts order by request_ts, request_id) as failures,
            list_reduce(
                list(
                    [{
                        'checked_ms': epoch_ms(request_ts),
                        'answered_ms': coalesce(epoch_ms(last_answered_ts), 0),
                        'fails': 0,
                        'is_counted': true
                    }]
                    order by request_ts, request_id
                ),
                lambda before, failure: list_append(
                    before,
                    case
                        when
                            before[-1].fails >= {{ var('upstream_max_fails') }}
                            and failure[1].checked_ms - before[-1].checked_ms <= {{ 1000 * var('upstream_fail_timeout_seconds') }}
                            then {
                                'checked_ms': before[-1].checked_ms,
                                'answered_ms': 0,
                                'fails': before[-1].fails,
                                'is_counted': false
                            }
                        else {
                            'checked_ms': failure[1].checked_ms,
                            'answered_ms': 0,
                            'fails': case
                                when failure[1].answered_ms - before[-1].checked_ms > {{ 1000 * var('upstream_fail_timeout_seconds') }} then 1
                                else before[-1].fails + 1
                            end,
                            'is_counted': true
                        }
                    end
                ),
                [{'checked_ms': cast(0 as bigint), 'answered_ms': cast(0 as bigint), 'fails': 0, 'is_counted': false}]
            )[2:] as states
        from answered
        where is_failed
        group by service_name, dt, upstream_server
    ),

    failures as (
        select
            service_name,
            dt,
            upstream_server,
            unnest(failures) as ejected_ts,
            unnest(states) as state
        from servers
    )

    select
        service_name,
        dt,
        upstream_server,
        ejected_ts,
        state.fails
    from failures
    where state.is_counted and state.fails >= {{ var('upstream_max_fails') }}
{%- endmacro %}
