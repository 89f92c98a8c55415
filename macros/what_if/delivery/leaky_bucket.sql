{% macro leaky_bucket(requests) -%}
    {#- nginx counts in thousandths of a request. `held` grows by 1000 with each accepted request,
        `drained` is what the rate removed since midnight, and the level of the bucket is the
        difference. So one number is the complete state, and a request is accepted exactly if it
        changes it. A pause in which a full bucket drains begins a new period; periods that cannot
        fill the bucket are left out. -#}
    with paused as (
        select
            *,
            rate_per_second * (epoch_ms(request_ts) - epoch_ms(date_trunc('day', request_ts))) as drained,
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
            position // 128 as piece,
            list([drained, drained + 1000 * (burst - 1)] order by position) as arrivals,
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
            delay,
            flatten(list(arrivals order by piece)) as arrivals,
            flatten(list(request_ids order by piece)) as request_ids,
            flatten(list(request_timestamps order by piece)) as request_timestamps,
            flatten(list_reduce(
                list(arrivals order by piece),
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
            unnest(request_timestamps) as request_ts,
            unnest(arrivals)[1] as drained,
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
                then floor(greatest(0, held - drained - 1000 * delay) / rate_per_second)
            else 0
        end as delay_ms
    from judged
{%- endmacro %}
