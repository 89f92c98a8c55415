{{ config(
    incremental_strategy='delete+insert',
    unique_key=['zone', 'client_key', 'minute_ts', 'dt'],
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

-- nginx counts in thousandths of a request. `held` grows by 1000 with each accepted request,
-- `drained` is what the rate removed since midnight, and the level of the bucket is the difference:
-- one number is the complete state, and a request is accepted exactly if it changes it. A pause in
-- which a full bucket drains begins a new period; periods that cannot fill it are left out.
paused as (
    select
        *,
        rate_per_second * (epoch_ms(request_ts) - epoch_ms(dt)) as drained,
        coalesce(
            rate_per_second * (epoch_ms(request_ts) - lag(epoch_ms(request_ts)) over bucket)
            >= 1000 * (burst + 1), true
        ) as is_drained
    from zoned
    window bucket as (
        partition by zone, client_key, dt
        order by request_ts, request_id
    )
),

numbered as (
    select
        *,
        count(*) filter (is_drained) over (
            partition by zone, client_key, dt
            order by request_ts, request_id
            rows unbounded preceding
        ) as period
    from paused
),

crowded as (
    select
        *,
        row_number() over (
            partition by zone, client_key, dt, period
            order by request_ts, request_id
        ) as request_number
    from numbered
    qualify
        count(*) over (partition by zone, client_key, dt, period)
        > 1 + least(burst, coalesce(delay, burst))
),

-- Each request as [drained, maximum held before it]. In pieces, because a growing list is
-- copied at each step. No column is used inside list_reduce: DuckDB 1.5 reads it from a wrong
-- row.
pieces as (
    select
        zone,
        client_key,
        dt,
        period,
        rate_per_second,
        delay,
        request_number // 128 as piece,
        list([drained, drained + 1000 * (burst - 1)] order by request_number) as arrivals,
        list(request_id order by request_number) as request_ids
    from crowded
    group by all
),

periods as (
    select
        zone,
        client_key,
        dt,
        rate_per_second,
        delay,
        flatten(list(arrivals order by piece)) as arrivals,
        flatten(list(request_ids order by piece)) as request_ids,
        flatten(list_reduce( -- noqa: LT01
            list(arrivals order by piece), -- noqa: PRS
            lambda pieces, piece: list_append(pieces, list_reduce(
                piece,
                lambda held, arrival: list_append(
                    held,
                    case
                        when held[-1] > arrival[2] then held[-1]
                        else greatest(arrival[1], held[-1] + 1000)
                    end
                ),
                [pieces[-1][-1]]
            )[2:]),
            [[-1e18]]
        )) as held
    from pieces
    group by zone, client_key, dt, period, rate_per_second, delay
),

judged as (
    select
        zone,
        client_key,
        dt,
        rate_per_second,
        delay,
        unnest(request_ids) as request_id,
        unnest(arrivals)[1] as drained,
        unnest(held[2:]) as held,
        unnest(held[:-2]) as held_before
    from periods
),

decisions as (
    select
        request_id,
        zone,
        client_key,
        dt,
        held > held_before as is_passed,
        case
            when held > held_before and delay is not null
                then floor(greatest(0, held - drained - 1000 * delay) / rate_per_second)
            else 0
        end as delay_ms
    from judged
),

-- Keys that never came near the limit all day are left out: they are the majority, and all passed.
limited_keys as (
    select distinct
        zone,
        client_key,
        dt
    from decisions
    where not is_passed or delay_ms > 0
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
