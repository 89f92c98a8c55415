{{ config(incremental_strategy='delete+insert', unique_key=['service_name', 'dt']) }}
{%- set fail_timeout_ms = 1000 * var('upstream_fail_timeout_seconds') %}

with requests as (
    select * from {{ ref('api_request_logs') }}
    where
        {{ affected_keys(ref('api_request_logs'), keys=['service_name', 'dt']) }}
        and upstream_servers is not null
),

-- A request has one attempt per server that was tried.
tried as (
    select
        request_id,
        service_name,
        timestamp as request_ts,
        dt,
        batch_id,
        unnest(upstream_servers) as upstream_server,
        unnest(upstream_statuses) as status
    from requests
),

attempts as (
    select
        request_id,
        service_name,
        request_ts,
        dt,
        batch_id,
        upstream_server,
        coalesce(status in ({{ var('upstream_failure_statuses') }}), false) as is_failed
    from tried
    where upstream_server <> '-'
),

-- nginx counts a server's failures until it answers successfully after fail_timeout. From max_fails
-- on, each failure ejects it for fail_timeout. Only failures change that state, so only they are
-- processed; the answers between them are reduced to one timestamp each.
answered as (
    select
        *,
        max(request_ts) filter (not is_failed) over (
            partition by service_name, dt, upstream_server
            order by request_ts, request_id
            rows unbounded preceding
        ) as last_answered_ts
    from attempts
),

failing_servers as (
    select
        service_name,
        dt,
        upstream_server,
        list(request_ts order by request_ts, request_id) as failures,
        list_reduce( -- noqa: PRS
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
                        and failure[1].checked_ms - before[-1].checked_ms <= {{ fail_timeout_ms }}
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
                            when failure[1].answered_ms - before[-1].checked_ms > {{ fail_timeout_ms }}
                                then 1
                            else before[-1].fails + 1
                        end,
                        'is_counted': true
                    }
                end
            ),
            [{
                'checked_ms': cast(0 as bigint),
                'answered_ms': cast(0 as bigint),
                'fails': 0,
                'is_counted': false
            }]
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
    from failing_servers
),

ejections as (
    select
        service_name,
        dt,
        upstream_server,
        ejected_ts,
        state['fails'] as fails
    from failures
    where state['is_counted'] and state['fails'] >= {{ var('upstream_max_fails') }}
),

ejections_by_hour as (
    select
        service_name,
        dt,
        upstream_server,
        date_trunc('hour', ejected_ts) as hour_ts,
        count(*) as ejections
    from ejections
    group by all
),

servers as (
    select
        service_name,
        dt,
        upstream_server,
        date_trunc('hour', request_ts) as hour_ts,
        count(*) as attempts,
        count(*) filter (is_failed) as failed_attempts,
        max(batch_id) as batch_id
    from attempts
    group by all
),

final as (
    select
        ---------- ids
        servers.service_name,
        servers.upstream_server,

        ---------- measures
        servers.attempts,
        servers.failed_attempts,
        cast(sum(servers.attempts) over service_hour as bigint) as service_attempts,
        count(*) over service_hour as servers,
        servers.attempts / sum(servers.attempts) over service_hour as share_of_attempts,
        stddev_pop(servers.attempts) over service_hour / avg(servers.attempts) over service_hour
            as coefficient_of_variation,
        max(servers.attempts) over service_hour / avg(servers.attempts) over service_hour
            as max_over_mean,
        coalesce(ejections_by_hour.ejections, 0) as ejections,
        coalesce(ejections_by_hour.ejections, 0) * {{ var('upstream_fail_timeout_seconds') }}
            as ejected_seconds,

        ---------- timestamps
        servers.hour_ts,
        servers.dt,

        ---------- metadata
        cast(max(servers.batch_id) over service_hour as bigint) as batch_id
    from servers
    left join ejections_by_hour
        on
            servers.service_name = ejections_by_hour.service_name
            and servers.dt = ejections_by_hour.dt
            and servers.upstream_server = ejections_by_hour.upstream_server
            and servers.hour_ts = ejections_by_hour.hour_ts
    window service_hour as (
        partition by servers.service_name, servers.hour_ts
    )
)

select * from final
