{{ config(
    incremental_strategy='delete+insert',
    unique_key=['service_name', 'dt'],
    partitioned_by=['dt'],
    sorted_by=['service_name', 'sync_ts'],
) }}

{%- set metrics = ['cpu', 'memory'] -%}
{%- set sync_seconds = var('hpa_sync_period_seconds') %}

{%- set syncs_per_minute = 60 // sync_seconds %}

-- The HorizontalPodAutoscaler of Kubernetes over the recorded load. The load is what was recorded;
-- how it spreads over pods follows from the replicas that it would have had.
-- One turn of `simulated` is one sync of every service and day at once. A day begins with what the
-- day before ended with. That is not known until the day before has run, so each day first begins
-- with a guess, and a week runs again until each day began with what the day before it ended with.
-- A steady load keeps a difference for days, and each pass corrects one: so a Monday begins afresh.
with recursive utilization as (
    select * from {{ ref('minutely_service_utilization') }}
    where {{ hpa_since_affected(ref('minutely_service_utilization')) }}
),

former_syncs as (
    {{ hpa_former_syncs(ref('minutely_service_utilization')) }}
),

rates as (
    select
        service_name,
        true as has_behavior,
        max(period_seconds) as longest_period_seconds,
        list(
            struct_pack(
                policy_type := policy_type, value := value, period_seconds := period_seconds
            )
        ) filter (where direction = 'up') as scale_up_rates,
        list(
            struct_pack(
                policy_type := policy_type, value := value, period_seconds := period_seconds
            )
        ) filter (where direction = 'down') as scale_down_rates
    from {{ ref('autoscaling_rates') }}
    group by service_name
),

-- What is left out has the default of Kubernetes. A policy without any rate is a manifest without
-- `behavior`: no window upwards, no rate downwards, at most twice the replicas (or 4) a sync.
policies as (
    select
        policies.* replace (
            coalesce(policies.scale_up_tolerance, 0.1) as scale_up_tolerance,
            coalesce(policies.scale_down_tolerance, 0.1) as scale_down_tolerance,
            coalesce(policies.scale_up_window_seconds, 0) as scale_up_window_seconds,
            coalesce(policies.scale_down_window_seconds, 300) as scale_down_window_seconds,
            coalesce(policies.scale_up_select, 'Max') as scale_up_select,
            coalesce(policies.scale_down_select, 'Max') as scale_down_select
        ),
        coalesce(rates.has_behavior, false) as has_behavior,
        coalesce(rates.scale_up_rates, [
            {'policy_type': 'Percent', 'value': 100, 'period_seconds': 15},
            {'policy_type': 'Pods', 'value': 4, 'period_seconds': 15}
        ]) as scale_up_rates,
        coalesce(rates.scale_down_rates, [
            {'policy_type': 'Percent', 'value': 100, 'period_seconds': 15}
        ]) as scale_down_rates,
        greatest(15, rates.longest_period_seconds, policies.pod_start_seconds)
            as event_memory_seconds,
        greatest(
            coalesce(policies.scale_up_window_seconds, 0),
            coalesce(policies.scale_down_window_seconds, 300)
        ) as recommendation_memory_seconds
    from {{ ref('autoscaling_policies') }} as policies
    left join rates
        on policies.service_name = rates.service_name
),

recorded_days as (
    select
        service_name,
        dt,
        date_diff('minute', cast(dt as timestamp), min(minute_ts)) as first_minute_number,
        date_diff('minute', cast(dt as timestamp), max(minute_ts)) as last_minute_number,
        min_by(instances, minute_ts) as first_replicas,
        max(batch_id) as batch_id,
        bool_or({{ new_batches(ref('minutely_service_utilization')) }}) as is_affected,
        -- Days in a row have one of these in common.
        dt - cast(row_number() over (partition by service_name order by dt) as integer)
            as first_dt_of_row
    from utilization
    group by service_name, dt
),

-- The touched days, and the days after each without a gap: those the change can reach.
reachable_days as (
    select
        * replace (max(batch_id) over days_before as batch_id)
    from recorded_days
    window days_before as (
        partition by service_name, first_dt_of_row, date_trunc('week', dt)
        order by dt
    )
    qualify bool_or(is_affected) over days_before
),

-- What was written of the days before, with what the next day has to know of them. A day that
-- continued no other began with its replicas as a recommendation.
former_days as (
    select
        service_name,
        dt,
        max_by(desired_replicas, sync_ts) as replicas,
        list(
            struct_pack(
                at_seconds := cast(epoch(sync_ts) as bigint),
                replicas := greatest(cpu_replicas, memory_replicas)
            )
            order by sync_ts
        ) filter (where stabilized_replicas is not null) as recommendations,
        struct_pack(
            at_seconds := cast(epoch(min(sync_ts)) as bigint), replicas := min_by(replicas, sync_ts)
        ) as first_recommendation,
        isodow(dt) <> 1
        and coalesce(lag(dt) over (partition by service_name order by dt) = dt - 1, false)
            as continues_another,
        list(
            struct_pack(
                at_seconds := cast(epoch(sync_ts) as bigint),
                change := desired_replicas - replicas
            )
            order by sync_ts
        ) filter (where desired_replicas <> replicas) as scale_events
    from former_syncs
    group by service_name, dt
),

days as (
    select
        reachable_days.*,
        policies as policy, -- noqa: RF02,RF04
        {{ hpa_sync_seconds(
            'reachable_days.first_minute_number * ' ~ syncs_per_minute ~ ' + 1',
            'reachable_days.dt'
        ) }} as first_sync_seconds,
        min(reachable_days.first_minute_number) over () * {{ syncs_per_minute }}
            as sync_before_first,
        (max(reachable_days.last_minute_number) over () + 1) * {{ syncs_per_minute }} as last_sync,
        case
            when former_days.dt is null
                then {{ hpa_day_start(
                    'reachable_days.first_replicas',
                    '[struct_pack(at_seconds := first_sync_seconds,'
                    ' replicas := reachable_days.first_replicas)]',
                    '[]',
                    policy='policies'
                ) }}
            else {{ hpa_day_start(
                'former_days.replicas',
                'case when former_days.continues_another then former_days.recommendations'
                ' else list_prepend(former_days.first_recommendation, former_days.recommendations)'
                ' end',
                'former_days.scale_events',
                policy='policies'
            ) }}
        end as day_start
    from reachable_days
    inner join policies
        on
            policies.service_name
            = {{ policy_of('reachable_days.service_name', ref('autoscaling_policies')) }}
    left join former_days
        on
            reachable_days.service_name = former_days.service_name
            and reachable_days.dt - 1 = former_days.dt
            and isodow(reachable_days.dt) <> 1
),

-- Demand in thousandths of what one pod requests; a pod without a measure counts as the others do.
minutes as materialized (
    select
        utilization.service_name,
        utilization.dt,
        date_diff('minute', cast(utilization.dt as timestamp), utilization.minute_ts)
            as minute_number,
        utilization.instances,
        utilization.counted_instances,
        utilization.cpu_measured_instances,
        utilization.memory_measured_instances,
        cast(round(
            10 * utilization.cpu_percent_total * utilization.counted_instances
            / nullif(utilization.cpu_measured_instances, 0)
        ) as bigint) as cpu_demand_milli,
        cast(round(
            10 * utilization.memory_percent_total * utilization.instances
            / nullif(utilization.memory_measured_instances, 0)
        ) as bigint) as memory_demand_milli
    from utilization
    inner join days
        on
            utilization.service_name = days.service_name
            and utilization.dt = days.dt
),

simulated as (
    select
        service_name,
        dt,
        policy,
        first_minute_number,
        last_minute_number,
        first_sync_seconds,
        sync_before_first,
        last_sync,
        day_start,
        1 as run_number,
        sync_before_first as sync_number,
        day_start.recommendations as recommendations,
        day_start.scale_events as scale_events,
        cast(null as integer) as replicas,
        cast(null as integer) as starting_replicas,
        cast(null as bigint) as cpu_utilization_percent,
        cast(null as bigint) as memory_utilization_percent,
        cast(null as integer) as cpu_replicas,
        cast(null as integer) as memory_replicas,
        cast(null as integer) as stabilized_replicas,
        day_start.replicas as desired_replicas,
        cast(null as varchar) as reason,
        cast(null as varchar) as limited_by
    from days

    union all

    (
        with moments as (
            select
                * exclude (
                    starting_replicas, cpu_utilization_percent, memory_utilization_percent,
                    cpu_replicas, memory_replicas, stabilized_replicas, desired_replicas,
                    reason, limited_by
                ) replace (sync_number + 1 as sync_number, desired_replicas as replicas),
                {{ hpa_sync_seconds('sync_number + 1', 'dt') }} as now
            from simulated
            where sync_number < last_sync
        ),

        -- What is too old to count is forgotten.
        states as (
            select * replace (
                list_filter(
                    recommendations,
                    lambda former: former.at_seconds >= now - policy.recommendation_memory_seconds
                ) as recommendations,
                list_filter(
                    scale_events,
                    lambda event: event.at_seconds > now - policy.event_memory_seconds
                ) as scale_events
            )
            from moments
        ),

        -- Pods added less than a start-up time ago; those removed since were the youngest.
        started as (
            select
                *,
                least(
                    replicas,
                    greatest(0, {{ hpa_change_since('now - policy.pod_start_seconds') }})
                ) as starting_replicas
            from states
        ),

        -- Of the running pods, as large a share is ready and measured as in the recorded minute.
        observed as (
            select
                started.*,
                started.replicas - started.starting_replicas as running,
                (started.replicas - started.starting_replicas)
                * minutes.counted_instances // minutes.instances as serving,
                minutes.instances,
                minutes.counted_instances,
                minutes.cpu_measured_instances,
                minutes.memory_measured_instances,
                minutes.cpu_demand_milli,
                minutes.memory_demand_milli
            from started
            left join minutes
                on
                    started.service_name = minutes.service_name
                    and started.dt = minutes.dt
                    and (started.sync_number - 1) // {{ syncs_per_minute }} = minutes.minute_number
        ),

        measured as (
            select
                *,
                replicas - serving as cpu_unready,
                starting_replicas as memory_unready,
                serving * cpu_measured_instances // counted_instances as cpu_pods,
                running * memory_measured_instances // instances as memory_pods,
                serving as cpu_known_pods,
                running as memory_known_pods
            from observed
        ),

        used as (
            select
                {% for metric in metrics -%}
                    {{ metric }}_known_pods - {{ metric }}_pods as {{ metric }}_missing,
                    {{ metric }}_demand_milli * {{ metric }}_pods // {{ metric }}_known_pods
                        as {{ metric }}_usage_milli,
                {% endfor -%}
                *
            from measured
        ),

        utilized as (
            select
                {% for metric in metrics -%}
                    {{ metric }}_usage_milli // ({{ metric }}_pods * 10)
                        as {{ metric }}_utilization_percent,
                    sign(
                        {{ metric }}_usage_milli // ({{ metric }}_pods * 10)
                        - policy.{{ metric }}_target_percent
                    ) as {{ metric }}_direction,
                {% endfor -%}
                *
            from used
        ),

        -- Pods that can't be judged are guessed so that they slow the change down.
        guessed as (
            select
                {% for metric in metrics -%}
                    {{ metric }}_pods + {{ metric }}_missing
                    + case when {{ metric }}_direction > 0 then {{ metric }}_unready else 0 end
                        as {{ metric }}_counted,
                    {{ metric }}_usage_milli + case
                        when {{ metric }}_direction < 0
                            then
                                {{ metric }}_missing * 10
                                * greatest(100, policy.{{ metric }}_target_percent)
                        else 0
                    end as {{ metric }}_guessed_milli,
                {% endfor -%}
                *
            from utilized
        ),

        rated as (
            select
                {% for metric in metrics -%}
                    ({{ metric }}_guessed_milli // ({{ metric }}_counted * 10))
                    / cast(policy.{{ metric }}_target_percent as double)
                        as {{ metric }}_ratio,
                {% endfor -%}
                *
            from guessed
        ),

        proposed as (
            select
                {% for metric in metrics -%}
                    {{ hpa_desired_replicas(metric) }}
                        as {{ metric }}_replicas,
                {% endfor -%}
                *
            from rated
        ),

        recommended as (
            select
                *,
                greatest(cpu_replicas, memory_replicas) as recommended_replicas,
                case
                    -- Before the first minute of the day and after its last, nothing is decided.
                    when
                        (sync_number - 1) // {{ syncs_per_minute }}
                        not between first_minute_number and last_minute_number
                        then null
                    when replicas = 0 then 'scaling_disabled'
                    when replicas > policy.max_replicas then 'above_max_replicas'
                    when replicas < policy.min_replicas then 'below_min_replicas'
                    when coalesce(cpu_replicas, memory_replicas) is null then 'no_metrics'
                    when cpu_replicas > replicas and cpu_replicas >= coalesce(memory_replicas, 0)
                        then 'cpu_above_target'
                    when memory_replicas > replicas then 'memory_above_target'
                    when replicas in (cpu_replicas, memory_replicas) then 'at_target'
                    when
                        (cpu_replicas is null and policy.cpu_target_percent is not null)
                        or (memory_replicas is null and policy.memory_target_percent is not null)
                        then 'a_metric_is_missing'
                    else 'all_metrics_below_target'
                end as reason
            from proposed
        ),

        stabilized as (
            select
                *,
                case
                    when
                        coalesce(reason, 'none') not in (
                            'cpu_above_target', 'memory_above_target',
                            'at_target', 'all_metrics_below_target'
                        )
                        then null
                    when policy.has_behavior
                        then least(
                            greatest(
                                replicas,
                                least(recommended_replicas, list_min({{ hpa_recent('up') }}))
                            ),
                            greatest(recommended_replicas, list_max({{ hpa_recent('down') }}))
                        )
                    else greatest(recommended_replicas, list_max({{ hpa_recent('down') }}))
                end as stabilized_replicas,
                {{ hpa_rate_limits('up') }} as scale_up_limits,
                {{ hpa_rate_limits('down') }} as scale_down_limits
            from recommended
        ),

        -- A direction without a limit (`Disabled`) does not move.
        bounded as (
            select
                *,
                greatest(replicas, case
                    when not policy.has_behavior then greatest(2 * replicas, 4)
                    when policy.scale_up_select = 'Min' then list_min(scale_up_limits)
                    else list_max(scale_up_limits)
                end) as scale_up_limit,
                least(replicas, case
                    when not policy.has_behavior then 0
                    when policy.scale_down_select = 'Min' then list_max(scale_down_limits)
                    else list_min(scale_down_limits)
                end) as scale_down_limit
            from stabilized
        ),

        limited as (
            select
                *,
                case
                    when reason = 'above_max_replicas' then policy.max_replicas
                    when reason = 'below_min_replicas' then policy.min_replicas
                    when stabilized_replicas > replicas
                        then least(stabilized_replicas, policy.max_replicas, scale_up_limit)
                    when stabilized_replicas < replicas
                        then greatest(stabilized_replicas, policy.min_replicas, scale_down_limit)
                    else replicas
                end as desired_replicas
            from bounded
        ),

        finished as (
            select * from simulated
            where sync_number = last_sync
        ),

        -- What each day has to begin with, now that the day before it has run.
        corrected as (
            select
                today.* replace (
                    case
                        when yesterday.dt is null then today.day_start
                        else {{ hpa_day_start(
                            'yesterday.desired_replicas',
                            'yesterday.recommendations',
                            'yesterday.scale_events',
                            policy='today.policy',
                            first_sync_seconds='today.first_sync_seconds'
                        ) }}
                    end as day_start
                ),
                today.day_start as guessed_start
            from finished as today
            left join finished as yesterday
                on
                    today.service_name = yesterday.service_name
                    and today.dt - 1 = yesterday.dt
                    and isodow(today.dt) <> 1
        ),

        restarted as (
            select * exclude (guessed_start)
            from corrected
            qualify bool_or(day_start <> guessed_start) over (
                partition by service_name, date_trunc('week', dt)
            )
        )

        select
            service_name,
            dt,
            policy,
            first_minute_number,
            last_minute_number,
            first_sync_seconds,
            sync_before_first,
            last_sync,
            day_start,
            run_number + 1 as run_number,
            sync_before_first as sync_number,
            day_start.recommendations as recommendations,
            day_start.scale_events as scale_events,
            replicas,
            starting_replicas,
            cpu_utilization_percent,
            memory_utilization_percent,
            cpu_replicas,
            memory_replicas,
            stabilized_replicas,
            day_start.replicas as desired_replicas,
            cast(null as varchar) as reason,
            cast(null as varchar) as limited_by
        from restarted
        union all
        select
            service_name,
            dt,
            policy,
            first_minute_number,
            last_minute_number,
            first_sync_seconds,
            sync_before_first,
            last_sync,
            day_start,
            run_number,
            sync_number,
            case
                when stabilized_replicas is null then recommendations
                else list_append(
                    recommendations,
                    struct_pack(at_seconds := now, replicas := recommended_replicas)
                )
            end as recommendations,
            case
                when desired_replicas = replicas then scale_events
                else list_append(
                    scale_events,
                    struct_pack(at_seconds := now, change := desired_replicas - replicas)
                )
            end as scale_events,
            replicas,
            starting_replicas,
            cpu_utilization_percent,
            memory_utilization_percent,
            cpu_replicas,
            memory_replicas,
            stabilized_replicas,
            desired_replicas,
            reason,
            case
                when
                    desired_replicas > stabilized_replicas
                    and policy.min_replicas < scale_down_limit
                    then 'scale_down_limit'
                when desired_replicas > stabilized_replicas then 'too_few_replicas'
                when desired_replicas < stabilized_replicas and policy.max_replicas > scale_up_limit
                    then 'scale_up_limit'
                when desired_replicas < stabilized_replicas then 'too_many_replicas'
                when coalesce(stabilized_replicas = recommended_replicas, true) then null
                when recommended_replicas >= replicas and policy.has_behavior
                    then 'scale_up_stabilized'
                else 'scale_down_stabilized'
            end as limited_by
        from limited
    )
),

final as (
    select
        ---------- ids
        simulated.service_name,

        ---------- dimensions
        simulated.reason,
        simulated.limited_by,

        ---------- measures
        simulated.replicas,
        simulated.starting_replicas,
        simulated.cpu_utilization_percent,
        simulated.memory_utilization_percent,
        simulated.cpu_replicas,
        simulated.memory_replicas,
        simulated.stabilized_replicas,
        simulated.desired_replicas,

        ---------- timestamps
        make_timestamp({{ hpa_sync_seconds('simulated.sync_number', 'simulated.dt') }} * 1000000)
            as sync_ts,
        simulated.dt,

        ---------- metadata
        days.batch_id
    from simulated
    inner join days
        on
            simulated.service_name = days.service_name
            and simulated.dt = days.dt
    -- A day to which no new row belongs is written again only if it began with something else.
    where
        simulated.reason is not null
        and (days.is_affected or simulated.day_start <> days.day_start)
    qualify simulated.run_number = max(simulated.run_number) over (
        partition by simulated.service_name, date_trunc('week', simulated.dt)
    )
)

select * from final
