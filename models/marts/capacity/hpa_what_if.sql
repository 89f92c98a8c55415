{{ config(
    incremental_strategy='delete+insert',
    unique_key=['service_name', 'dt'],
    partitioned_by=['dt'],
    sorted_by=['service_name', 'sync_ts'],
) }}

{%- set metrics = ['cpu', 'memory'] -%}
{%- set sync_seconds = var('hpa_sync_period_seconds') %}

-- The HorizontalPodAutoscaler of Kubernetes over the recorded load of each day. The load is what
-- was recorded; how it spreads over pods follows from the replicas that it would have had.
-- One turn of `simulated` is one sync of every service and day at once.
with recursive utilization as (
    select * from {{ ref('service_utilization_minutely') }}
    where {{ touched(ref('service_utilization_minutely'), keys=['service_name', 'dt']) }}
),

rates as (
    select
        service_name,
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

policies as (
    select
        policies.*,
        rates.scale_up_rates,
        rates.scale_down_rates,
        greatest(rates.longest_period_seconds, policies.pod_start_seconds) as event_memory_seconds,
        greatest(
            policies.scale_up_window_seconds, policies.scale_down_window_seconds
        ) as recommendation_memory_seconds
    from {{ ref('autoscaling_policies') }} as policies
    inner join rates
        on rates.service_name = {{ policy_of('policies.service_name', ref('autoscaling_rates')) }}
),

days as (
    select
        service_name,
        dt,
        min(minute_ts) as first_minute_ts,
        date_diff('minute', min(minute_ts), max(minute_ts)) + 1 as minutes,
        min_by(instances, minute_ts) as first_replicas,
        max(batch) as batch
    from utilization
    group by service_name, dt
),

-- Demand in thousandths of what one pod requests; a pod without a measure counts as the others do.
minutes as materialized (
    select
        utilization.service_name,
        utilization.dt,
        date_diff('minute', days.first_minute_ts, utilization.minute_ts) as minute_number,
        utilization.instances,
        utilization.ready_instances,
        utilization.cpu_measured_instances,
        utilization.memory_measured_instances,
        cast(round(
            10 * utilization.cpu_percent_total * utilization.ready_instances
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
        days.service_name,
        days.dt,
        policies as policy, -- noqa: RF02,RF04
        cast(days.minutes * 60 // {{ sync_seconds }} as integer) as syncs,
        0 as sync_number,
        cast([] as struct(at_seconds integer, replicas integer)[]) as recommendations,
        cast([] as struct(at_seconds integer, change integer)[]) as scale_events,
        cast(null as integer) as replicas,
        cast(null as integer) as starting_replicas,
        cast(null as bigint) as cpu_utilization_percent,
        cast(null as bigint) as memory_utilization_percent,
        cast(null as integer) as cpu_replicas,
        cast(null as integer) as memory_replicas,
        cast(null as integer) as stabilized_replicas,
        days.first_replicas as desired_replicas,
        cast(null as varchar) as reason,
        cast(null as varchar) as limited_by
    from days
    inner join policies
        on policies.service_name = {{ policy_of('days.service_name', ref('autoscaling_policies')) }}

    union all

    (
        with states as (
            select
                service_name,
                dt,
                policy,
                syncs,
                sync_number + 1 as sync_number,
                (sync_number + 1) * {{ sync_seconds }} as now,
                desired_replicas as replicas,
                list_filter(
                    recommendations,
                    lambda former: former.at_seconds
                    > (sync_number + 1) * {{ sync_seconds }} - policy.recommendation_memory_seconds
                ) as recommendations,
                list_filter(
                    scale_events,
                    lambda event: event.at_seconds
                    > (sync_number + 1) * {{ sync_seconds }} - policy.event_memory_seconds
                ) as scale_events
            from simulated
            where sync_number < syncs
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
                * minutes.ready_instances // minutes.instances as serving,
                minutes.instances,
                minutes.ready_instances,
                minutes.cpu_measured_instances,
                minutes.memory_measured_instances,
                minutes.cpu_demand_milli,
                minutes.memory_demand_milli
            from started
            left join minutes
                on
                    started.service_name = minutes.service_name
                    and started.dt = minutes.dt
                    and (started.now - {{ sync_seconds }}) // 60 = minutes.minute_number
        ),

        measured as (
            select
                *,
                replicas - serving as cpu_unready,
                starting_replicas as memory_unready,
                serving * cpu_measured_instances // ready_instances as cpu_pods,
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
                        reason in (
                            'cpu_above_target', 'memory_above_target',
                            'at_target', 'all_metrics_below_target'
                        )
                        then least(
                            greatest(
                                replicas,
                                least(recommended_replicas, list_min({{ hpa_recent('up') }}))
                            ),
                            greatest(recommended_replicas, list_max({{ hpa_recent('down') }}))
                        )
                end as stabilized_replicas,
                {{ hpa_rate_limits('up') }} as scale_up_limits,
                {{ hpa_rate_limits('down') }} as scale_down_limits
            from recommended
        ),

        -- A direction without a limit (`Disabled`, or no rate) does not move.
        bounded as (
            select
                *,
                greatest(replicas, case policy.scale_up_select
                    when 'Min' then list_min(scale_up_limits)
                    else list_max(scale_up_limits)
                end) as scale_up_limit,
                least(replicas, case policy.scale_down_select
                    when 'Min' then list_max(scale_down_limits)
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
        )

        select
            service_name,
            dt,
            policy,
            syncs,
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
                when recommended_replicas >= replicas then 'scale_up_stabilized'
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
        days.first_minute_ts
        + to_seconds(60 + (simulated.sync_number - 1) * {{ sync_seconds }}) as sync_ts,
        simulated.dt,

        ---------- metadata
        days.batch
    from simulated
    inner join days
        on
            simulated.service_name = days.service_name
            and simulated.dt = days.dt
    where simulated.sync_number > 0
)

select * from final
