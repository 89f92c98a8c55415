{{ config(incremental_strategy='delete+insert', unique_key=['service_name', 'dt']) }}

with minutes as (
    select * from {{ ref('predictive_scaling') }}
    where {{ affected_keys(ref('predictive_scaling'), keys=['service_name', 'dt']) }}
),

-- Both: a schedule that raises the autoscaler's minimum, so the larger of the two.
strategies as (
    select
        *,
        unnest([ -- noqa: AL03
            {
                'strategy': 'reactive',
                'replicas': reactive_replicas,
                'ready_replicas': reactive_ready_replicas
            },
            {
                'strategy': 'predictive',
                'replicas': cast(scheduled_replicas as double),
                'ready_replicas': scheduled_ready_replicas
            },
            {
                'strategy': 'both',
                'replicas': greatest(reactive_replicas, scheduled_replicas),
                'ready_replicas': greatest(reactive_ready_replicas, scheduled_ready_replicas)
            }
        ], recursive := true)
    from minutes
),

final as (
    select
        ---------- ids
        service_name,

        ---------- dimensions
        strategy,

        ---------- measures
        count(*) as minutes,
        count(*) filter (where ready_replicas < required_replicas) as minutes_underprovisioned,
        coalesce(sum((required_replicas - ready_replicas) / 60.0) filter (
            where ready_replicas < required_replicas
        ), 0) as missing_replica_hours,
        sum(replicas) / 60 as replica_hours,
        max(replicas) as replicas_peak,
        max(required_replicas) as required_replicas_peak,

        ---------- timestamps
        dt,

        ---------- metadata
        max(batch_id) as batch_id
    from strategies
    group by service_name, strategy, dt
)

select * from final
