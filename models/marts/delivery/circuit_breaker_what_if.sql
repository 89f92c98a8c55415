{{ config(incremental_strategy='delete+insert', unique_key=['service_name', 'endpoint', 'dt']) }}
{%- set failure_rate = var('circuit_breaker_failure_rate') %}

with recursive requests as (
    select * from {{ ref('api_request_logs') }}
    where {{ affected_keys(ref('api_request_logs'), keys=['service_name', 'endpoint', 'dt']) }}
),

seconds as (
    select
        service_name,
        endpoint,
        dt,
        date_trunc('second', timestamp) as second_ts,
        count(*) as calls,
        count(*) filter (status_code >= 500) as failures,
        max(batch_id) as batch_id
    from requests
    group by all
),

totals as (
    select
        service_name,
        endpoint,
        dt,
        second_ts,
        sum(calls) over up_to_now as calls,
        sum(failures) over up_to_now as failures,
        sum(calls) over up_to_now - calls as calls_before,
        sum(failures) over up_to_now - failures as failures_before,
        coalesce(sum(calls) over before_window, 0) as calls_before_window,
        coalesce(sum(failures) over before_window, 0) as failures_before_window
    from seconds
    window
        up_to_now as (
            partition by service_name, endpoint, dt
            order by second_ts
        ),
        before_window as (
            partition by service_name, endpoint, dt
            order by second_ts
            range between unbounded preceding
            and interval ({{ var('circuit_breaker_window_seconds') }}) second preceding
        )
),

candidates as (
    select * from totals
    qualify coalesce(bool_or(
        calls - calls_before_window >= {{ var('circuit_breaker_minimum_calls') }}
        and failures - failures_before_window
        >= {{ failure_rate }} * (calls - calls_before_window)
    ) over (partition by service_name, endpoint, dt), false)
),

-- Each step advances every breaker to its next change of state. `calls` and `failures` are running
-- totals, so a sliding window that restarted with the state is a difference of two of them, and the
-- later of two starts has the greater total.
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
        case next_state when 'half_open' then second_ts else second_ts + interval 1 second end
            as started_at,
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
                    < {{ failure_rate }} * (seconds.calls - states.calls_at)
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
                        and seconds.failures
                        - greatest(states.failures_at, seconds.failures_before_window)
                        >= {{ failure_rate }}
                        * (seconds.calls - greatest(states.calls_at, seconds.calls_before_window))
                when 'open'
                    then
                        seconds.second_ts
                        >= states.started_at
                        + interval ({{ var('circuit_breaker_open_seconds') }}) second
                when 'half_open'
                    then
                        seconds.calls - states.calls_at
                        >= {{ var('circuit_breaker_half_open_calls') }}
            end
        qualify row_number() over (
            partition by seconds.service_name, seconds.endpoint, seconds.dt
            order by seconds.second_ts
        ) = 1
    ) as changes
),

episodes as (
    select
        *,
        lead(started_at) over breaker as ended_at,
        lead(calls_at) over breaker as calls_until,
        lead(failures_at) over breaker as failures_until
    from states
    window breaker as (
        partition by service_name, endpoint, dt
        order by started_at, calls_at
    )
),

days as (
    select
        service_name,
        endpoint,
        dt,
        sum(calls) as calls,
        sum(failures) as failures,
        max(batch_id) as batch_id
    from seconds
    group by service_name, endpoint, dt
),

final as (
    select
        ---------- ids
        episodes.service_name,
        episodes.endpoint,

        ---------- dimensions
        episodes.state,

        ---------- measures
        cast(coalesce(episodes.calls_until, days.calls) - episodes.calls_at as bigint) as requests,
        cast(coalesce(episodes.failures_until, days.failures) - episodes.failures_at as bigint)
            as server_errors,
        cast(case episodes.state
            when 'open' then coalesce(episodes.calls_until, days.calls) - episodes.calls_at
            when 'half_open'
                then greatest(
                    0,
                    coalesce(episodes.calls_until, days.calls) - episodes.calls_at
                    - {{ var('circuit_breaker_half_open_calls') }}
                )
            else 0
        end as bigint) as rejected_requests,

        ---------- timestamps
        episodes.started_at,
        episodes.ended_at,
        episodes.dt,

        ---------- metadata
        days.batch_id
    from episodes
    inner join days
        on
            episodes.service_name = days.service_name
            and episodes.endpoint = days.endpoint
            and episodes.dt = days.dt
)

select * from final
