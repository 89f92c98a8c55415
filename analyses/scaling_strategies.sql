-- Reactive, predictive, or both: minutes short of capacity and paid replicas by service, on the
-- same traffic.
select
    service_name,
    strategy,
    sum(minutes) as minutes,
    sum(minutes_underprovisioned) as minutes_underprovisioned,
    round(sum(missing_replica_hours), 1) as missing_replica_hours,
    round(sum(replica_hours)) as replica_hours
from {{ ref('daily_scaling_strategies') }}
group by service_name, strategy
order by service_name, strategy
