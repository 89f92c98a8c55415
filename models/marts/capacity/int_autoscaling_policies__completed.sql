-- What a manifest leaves out has the default of Kubernetes. A policy without any rate is a manifest
-- without `behavior`: no window upwards, no rate downwards, at most twice the
-- replicas (or 4) per sync.
{{ config(materialized='view') }}

with policies as (
    select * from {{ ref('autoscaling_policies') }}
),

autoscaling_rates as (
    select * from {{ ref('autoscaling_rates') }}
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
    from autoscaling_rates
    group by service_name
),

final as (
    select
        ---------- ids
        policies.service_name,

        ---------- dimensions
        rates.service_name is not null as has_behavior,
        coalesce(policies.scale_up_select, 'Max') as scale_up_select,
        coalesce(policies.scale_down_select, 'Max') as scale_down_select,
        coalesce(rates.scale_up_rates, [
            { 'policy_type': 'Percent', 'value': 100, 'period_seconds': 15 },
            { 'policy_type': 'Pods', 'value': 4, 'period_seconds': 15 }
        ]) as scale_up_rates,
        coalesce(rates.scale_down_rates, [
            { 'policy_type': 'Percent', 'value': 100, 'period_seconds': 15 }
        ]) as scale_down_rates,

        ---------- measures
        policies.cpu_target_percent,
        policies.memory_target_percent,
        policies.min_replicas,
        policies.max_replicas,
        coalesce(policies.scale_up_tolerance, 0.1) as scale_up_tolerance,
        coalesce(policies.scale_down_tolerance, 0.1) as scale_down_tolerance,
        coalesce(policies.scale_up_window_seconds, 0) as scale_up_window_seconds,
        coalesce(policies.scale_down_window_seconds, 300) as scale_down_window_seconds,
        policies.pod_start_seconds,
        greatest(15, rates.longest_period_seconds, policies.pod_start_seconds)
            as event_memory_seconds,
        greatest(
            coalesce(policies.scale_up_window_seconds, 0),
            coalesce(policies.scale_down_window_seconds, 300)
        ) as recommendation_memory_seconds
    from policies
    left join rates
        on policies.service_name = rates.service_name
)

select * from final
