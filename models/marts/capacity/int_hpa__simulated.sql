{{ config(incremental_strategy='delete+insert', unique_key=['service_name', 'dt']) }}

-- The HorizontalPodAutoscaler of Kubernetes over the recorded load. How it spreads over pods
-- follows from the replicas that it would have had.
-- An iteration of `simulated` is the next sync of every stretch. A stretch is the days of a week
-- that follow each other without a gap: each begins with the state after the day before.
with recursive samples as (
    select * from {{ ref('int_service_utilization__sampled') }}
    where {{ new_batches(ref('int_service_utilization__sampled')) }}
),

policies as (
    select * from {{ ref('int_autoscaling_policies__completed') }}
),

former_days as (
    {{ hpa_former_days(ref('int_service_utilization__sampled')) }}
),

syncs as materialized (
    select
        *,
        epoch_ms(sync_ts) // 1000 as now,
        row_number() over (partition by service_name, stretch_dt order by sync_ts) as sync_number
    from samples
),

-- On a refresh a stretch goes on after its last day that no new row concerns.
stretches as (
    select
        syncs.service_name,
        syncs.stretch_dt,
        policies as policy, -- noqa: RF02,RF04
        coalesce(former_days.state_after_day, struct_pack(
            replicas := syncs.instances,
            recommendations := [struct_pack(at_seconds := syncs.now, replicas := syncs.instances)],
            scale_events := []
        )) as state
    from syncs
    inner join policies
        on
            policies.service_name
            = {{ policy_of('syncs.service_name', ref('autoscaling_policies')) }}
    left join former_days
        on
            syncs.service_name = former_days.service_name
            and syncs.stretch_dt < syncs.dt
            and syncs.dt - 1 = former_days.dt
    where syncs.sync_number = 1
),

simulated as (
    select
        service_name,
        stretch_dt,
        policy,
        state,
        cast(0 as bigint) as sync_number,
        cast(null as {{ hpa_decision_type() }}) as decision
    from stretches

    union all

    (
        with observed as (
            select
                syncs.*,
                simulated.policy,
                simulated.state
            from simulated
            inner join syncs
                on
                    simulated.service_name = syncs.service_name
                    and simulated.stretch_dt = syncs.stretch_dt
                    and simulated.sync_number + 1 = syncs.sync_number
        ),

        -- Pods added less than a start-up time ago start; those removed since were the youngest.
        started as (
            select
                *,
                state['replicas'] as replicas,
                {{ hpa_remembered('recommendations') }} as recommendations,
                {{ hpa_remembered('scale_events') }} as scale_events,
                least(
                    replicas,
                    greatest(0, {{ hpa_change_since('now - policy.pod_start_seconds') }})
                ) as starting_replicas
            from observed
        ),

        -- Of the running pods, as large a share is ready and measured as in the recorded minute.
        measured as (
            select
                *,
                starting_replicas as memory_unready,
                replicas - starting_replicas as memory_known_pods,
                memory_known_pods * memory_measured_instances // instances as memory_pods,
                memory_known_pods * counted_instances // instances as cpu_known_pods,
                replicas - cpu_known_pods as cpu_unready,
                cpu_known_pods * cpu_measured_instances // counted_instances as cpu_pods
            from started
        ),

        rated as (
            select
                *,
                {{ hpa_use_ratio('cpu') }},
                {{ hpa_use_ratio('memory') }}
            from measured
        ),

        proposed as (
            select
                *,
                {{ hpa_desired_replicas('cpu') }} as cpu_replicas,
                {{ hpa_desired_replicas('memory') }} as memory_replicas,
                greatest(cpu_replicas, memory_replicas) as recommended_replicas
            from rated
        ),

        stabilized as (
            select
                *,
                {{ hpa_stabilized_replicas() }} as stabilized_replicas,
                {{ hpa_scale_limit('up') }} as scale_up_limit,
                {{ hpa_scale_limit('down') }} as scale_down_limit
            from proposed
        ),

        decided as (
            select
                *,
                case
                    when replicas = 0 then 0
                    when stabilized_replicas > replicas
                        then least(stabilized_replicas, policy.max_replicas, scale_up_limit)
                    when stabilized_replicas < replicas
                        then greatest(stabilized_replicas, policy.min_replicas, scale_down_limit)
                    else least(greatest(replicas, policy.min_replicas), policy.max_replicas)
                end as desired_replicas
            from stabilized
        )

        select
            service_name,
            stretch_dt,
            policy,
            {{ hpa_state_after() }} as state,
            sync_number,
            {
                'replicas': replicas,
                'starting_replicas': starting_replicas,
                'cpu_utilization_percent': cpu_utilization_percent,
                'memory_utilization_percent': memory_utilization_percent,
                'cpu_replicas': cpu_replicas,
                'memory_replicas': memory_replicas,
                'stabilized_replicas': stabilized_replicas,
                'scale_up_limit': scale_up_limit,
                'scale_down_limit': scale_down_limit,
                'desired_replicas': desired_replicas
            } as decision
        from decided
    )
),

final as (
    select
        ---------- ids
        syncs.service_name,

        ---------- measures
        unnest(simulated.decision), -- noqa: AL03
        case when syncs.is_last_of_day then simulated.state end as state_after_day,

        ---------- timestamps
        syncs.sync_ts,
        syncs.dt,

        ---------- metadata
        syncs.batch_id
    from simulated
    inner join syncs
        on
            simulated.service_name = syncs.service_name
            and simulated.stretch_dt = syncs.stretch_dt
            and simulated.sync_number = syncs.sync_number
)

select * from final
