{% macro leaky_bucket(requests) -%}
    {#- The level of the bucket is kept as the number that grows by 1000 with each request that is
        taken and of which `rate` drain every millisecond: level = held - rate * now. So one number is
        the whole state, and a request is taken exactly when it moves that number.
        A pause in which a full bucket would drain makes a period of its own; periods that can't fill
        the bucket are left out. -#}
    with paused as (
        select
            *,
            epoch_ms(request_ts) - epoch_ms(date_trunc('day', request_ts)) as now_ms,
            coalesce(
                rate_per_second * (
                    epoch_ms(request_ts) - lag(epoch_ms(request_ts)) over bucket
                ) >= 1000 * (burst + 1),
                true
            ) as is_drained
        from {{ requests }}
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
            ) as position
        from numbered
        qualify
            count(*) over (partition by zone, client_key, dt, period)
            > 1 + least(burst, coalesce(delay, burst))
    ),

    -- Lists in lists: a list that grows is copied at each step, so it must not grow long.
    pieces as (
        select
            zone,
            client_key,
            dt,
            period,
            rate_per_second,
            burst,
            delay,
            position // 128 as piece,
            list(cast(now_ms as double) order by position) as times,
            list(request_id order by position) as request_ids,
            list(request_ts order by position) as request_timestamps
        from crowded
        group by all
    ),

    periods as (
        select
            zone,
            client_key,
            dt,
            rate_per_second,
            burst,
            delay,
            flatten(list(times order by piece)) as times,
            flatten(list(request_ids order by piece)) as request_ids,
            flatten(list(request_timestamps order by piece)) as request_timestamps,
            flatten(list_reduce(
                list_transform(list(times order by piece), lambda times: [times]),
                lambda before, times: list_append(before, list_reduce(
                    list_transform(times[1], lambda now: [now]),
                    lambda held, now: list_append(
                        held,
                        case
                            when held[-1] + 1000 - rate_per_second * now[1] > 1000 * burst then held[-1]
                            else greatest(rate_per_second * now[1], held[-1] + 1000)
                        end
                    ),
                    [before[-1][-1]]
                )[2:]),
                [[-1e18]]
            )) as held
        from pieces
        group by zone, client_key, dt, period, rate_per_second, burst, delay
    ),

    judged as (
        select
            zone,
            client_key,
            dt,
            rate_per_second,
            delay,
            unnest(request_ids) as request_id,
            unnest(request_timestamps) as request_ts,
            unnest(times) as now_ms,
            unnest(held[2:]) as held,
            unnest(held[:-2]) as held_before
        from periods
    )

    select
        request_id,
        zone,
        client_key,
        request_ts,
        dt,
        held > held_before as is_passed,
        case
            when held > held_before and delay is not null
                then floor(greatest(0, held - rate_per_second * now_ms - 1000 * delay) / rate_per_second)
            else 0
        end as delay_ms
    from judged
{%- endmacro %}
