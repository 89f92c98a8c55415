{{ config(
    incremental_strategy='delete+insert',
    unique_key=['service_name', 'endpoint', 'dt'],
    partitioned_by=['dt'],
    sorted_by=['service_name', 'endpoint', 'started_at'],
) }}

with requests as (
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

states as (
    {{ circuit_breaker('totals') }}
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
