{{ config(incremental_strategy='delete+insert', unique_key=['service_name', 'dt']) }}

{%- set sync_seconds = var('hpa_sync_period_seconds') %}

-- What the autoscaler sees at each sync, from the first sample of a day to its last. A minute is
-- seen when it is over, so the syncs of its sample lie in the minute after it.
with utilization as (
    select * from {{ ref('minutely_service_utilization') }}
    where {{ hpa_since_affected(ref('minutely_service_utilization')) }}
),

recorded_days as (
    select
        service_name,
        dt,
        min(minute_ts) as first_minute_ts,
        max(minute_ts) as last_minute_ts,
        max(batch_id) as batch_id,
        -- Days of a week that follow each other without a gap have the same difference.
        (
            date_trunc('week', dt),
            dt - cast(row_number() over (partition by service_name order by dt) as integer)
        ) as stretch
    from utilization
    group by service_name, dt
),

-- The state of the autoscaler carries over midnight: a new row concerns its day and those after it.
days as (
    select
        * replace (max(batch_id) over days_before as batch_id),
        min(dt) over (partition by service_name, stretch) as stretch_dt
    from recorded_days
    window days_before as (partition by service_name, stretch order by dt)
),

syncs as (
    select
        *,
        unnest(generate_series(
            first_minute_ts + interval 1 minute,
            last_minute_ts + interval 2 minute - interval {{ sync_seconds }} second,
            interval {{ sync_seconds }} second
        )) as sync_ts
    from days
    where {{ new_batches(ref('minutely_service_utilization')) }}
),

final as (
    select
        ---------- ids
        syncs.service_name,

        ---------- dimensions
        syncs.sync_ts = max(syncs.sync_ts) over (partition by syncs.service_name, syncs.dt)
            as is_last_of_day,

        ---------- measures
        utilization.instances,
        utilization.counted_instances,
        utilization.cpu_measured_instances,
        utilization.memory_measured_instances,
        -- In thousandths of what one pod requests; a pod without a measure counts as the others do.
        cast(round(
            10 * utilization.cpu_percent_total * utilization.counted_instances
            / nullif(utilization.cpu_measured_instances, 0)
        ) as bigint) as cpu_demand_milli,
        cast(round(
            10 * utilization.memory_percent_total * utilization.instances
            / nullif(utilization.memory_measured_instances, 0)
        ) as bigint) as memory_demand_milli,

        ---------- timestamps
        syncs.sync_ts,
        syncs.dt,
        syncs.stretch_dt,

        ---------- metadata
        syncs.batch_id
    from syncs
    left join utilization
        on
            syncs.service_name = utilization.service_name
            and syncs.dt = utilization.dt
            and date_trunc('minute', syncs.sync_ts) - interval 1 minute = utilization.minute_ts
)

select * from final
