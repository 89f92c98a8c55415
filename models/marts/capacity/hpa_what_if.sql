-- What `int_hpa__simulated` decided, with the reason in the words of the autoscaler's own status.
{{ config(materialized='view') }}

with simulated as (
    select * from {{ ref('int_hpa__simulated') }}
),

policies as (
    select * from {{ ref('int_autoscaling_policies__completed') }}
),

explained as (
    select
        simulated.*,
        greatest(simulated.cpu_replicas, simulated.memory_replicas) as recommended_replicas,
        case
            when simulated.replicas = 0 then 'scaling_disabled'
            when simulated.replicas > policies.max_replicas then 'above_max_replicas'
            when simulated.replicas < policies.min_replicas then 'below_min_replicas'
            when recommended_replicas is null then 'no_metrics'
            when
                recommended_replicas > simulated.replicas
                and simulated.cpu_replicas = recommended_replicas
                then 'cpu_above_target'
            when recommended_replicas > simulated.replicas then 'memory_above_target'
            when recommended_replicas = simulated.replicas then 'at_target'
            when simulated.stabilized_replicas is null then 'a_metric_is_missing'
            else 'all_metrics_below_target'
        end as reason,
        case
            when
                simulated.desired_replicas > simulated.stabilized_replicas
                and policies.min_replicas < simulated.scale_down_limit
                then 'scale_down_limit'
            when simulated.desired_replicas > simulated.stabilized_replicas then 'too_few_replicas'
            when
                simulated.desired_replicas < simulated.stabilized_replicas
                and policies.max_replicas > simulated.scale_up_limit
                then 'scale_up_limit'
            when simulated.desired_replicas < simulated.stabilized_replicas then 'too_many_replicas'
            when coalesce(simulated.stabilized_replicas = recommended_replicas, true) then null
            when recommended_replicas >= simulated.replicas and policies.has_behavior
                then 'scale_up_stabilized'
            else 'scale_down_stabilized'
        end as limited_by
    from simulated
    inner join policies
        on
            policies.service_name
            = {{ policy_of('simulated.service_name', ref('autoscaling_policies')) }}
),

final as (
    select
        ---------- ids
        service_name,

        ---------- dimensions
        reason,
        limited_by,

        ---------- measures
        replicas,
        starting_replicas,
        cpu_utilization_percent,
        memory_utilization_percent,
        cpu_replicas,
        memory_replicas,
        stabilized_replicas,
        scale_up_limit,
        scale_down_limit,
        desired_replicas,

        ---------- timestamps
        sync_ts,
        dt,

        ---------- metadata
        batch_id
    from explained
)

select * from final
