{{ config(
    incremental_strategy='delete+insert',
    unique_key=['service_name', 'dt'],
    partitioned_by=['dt'],
    sorted_by=['service_name', 'hour_ts', 'upstream_server'],
) }}

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

ejections as (
    {{ upstream_ejections('attempts') }} -- noqa: PRS
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
