{{ config(
    incremental_strategy='delete+insert',
    unique_key=['zone', 'client_key', 'minute_ts', 'dt'],
    partitioned_by=['dt'],
    sorted_by=['zone', 'client_key', 'minute_ts'],
) }}

with requests as (
    select * from {{ ref('api_request_logs') }}
    where
        {{ affected_keys(ref('api_request_logs'), keys=['client_key', 'dt']) }}
        and client_key is not null
),

zones as (
    select * from {{ ref('rate_limit_zones') }}
),

zoned as (
    select
        requests.request_id,
        requests.client_key,
        requests.timestamp as request_ts,
        requests.dt,
        requests.batch_id,
        zones.zone,
        zones.rate_per_second,
        zones.burst,
        zones.delay
    from requests
    inner join zones
        on
            (zones.service_name = '*' or requests.service_name = zones.service_name)
            and (zones.endpoint = '*' or requests.endpoint = zones.endpoint)
),

decisions as (
    {{ leaky_bucket('zoned') }} -- noqa: PRS
),

-- Keys that never came near the limit all day are left out: they are the majority, and all passed.
limited_keys as (
    select
        zone,
        client_key,
        dt
    from decisions
    where not is_passed or delay_ms > 0
    group by zone, client_key, dt
),

final as (
    select
        ---------- ids
        zoned.zone,
        zoned.client_key,

        ---------- measures
        count(*) as requests,
        count(*) filter (
            coalesce(decisions.is_passed, true) and coalesce(decisions.delay_ms, 0) = 0
        ) as accepted_requests,
        count(*) filter (decisions.is_passed and decisions.delay_ms > 0) as delayed_requests,
        count(*) filter (not decisions.is_passed) as rejected_requests,
        cast(coalesce(sum(decisions.delay_ms), 0) as bigint) as delay_ms,

        ---------- timestamps
        date_trunc('minute', zoned.request_ts) as minute_ts,
        zoned.dt,

        ---------- metadata
        max(zoned.batch_id) as batch_id
    from zoned
    inner join limited_keys
        on
            zoned.zone = limited_keys.zone
            and zoned.client_key = limited_keys.client_key
            and zoned.dt = limited_keys.dt
    left join decisions
        on
            zoned.zone = decisions.zone
            and zoned.dt = decisions.dt
            and zoned.request_id = decisions.request_id
    group by zoned.zone, zoned.client_key, date_trunc('minute', zoned.request_ts), zoned.dt
)

select * from final
