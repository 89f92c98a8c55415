{{ config(incremental_strategy='delete+insert', unique_key=['service_name', 'dt']) }}

{%- set steps = ['started', 'measured', 'used', 'rated', 'proposed', 'stabilized', 'decided',
    'remembered'] %}

-- The HorizontalPodAutoscaler of Kubernetes over the recorded load. How it spreads over pods
-- follows from the replicas that it would have had.
-- An iteration of `simulated` is the next piece (up to 60 syncs of a day) of every stretch: the
-- days of a week that follow each other without a gap. A step of a sync is a branch of one CASE:
-- DuckDB sets up each query and each nested lambda again for every sync, but not a branch.
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

numbered as (
    select
        *,
        (row_number() over (partition by service_name, dt order by sync_ts) - 1) // 60 as piece,
        struct_pack(
            now := epoch_ms(sync_ts) // 1000,
            instances := instances,
            counted_instances := counted_instances,
            cpu_measured_instances := cpu_measured_instances,
            memory_measured_instances := memory_measured_instances,
            cpu_demand_milli := cpu_demand_milli,
            memory_demand_milli := memory_demand_milli
        ) as sync
    from samples
),

pieces as materialized (
    select
        service_name,
        stretch_dt,
        dt,
        row_number() over (partition by service_name, stretch_dt order by dt, piece)
            as piece_number,
        list(sync order by sync_ts) as syncs,
        list(struct_pack(
            sync_ts := sync_ts, is_last_of_day := is_last_of_day, batch_id := batch_id
        ) order by sync_ts) as labels
    from numbered
    group by service_name, stretch_dt, dt, piece
),

-- On a refresh a stretch goes on after its last day that no new row concerns.
stretches as (
    select
        pieces.service_name,
        pieces.stretch_dt,
        policies as policy, -- noqa: RF02,RF04
        coalesce(former_days.state_after_day, struct_pack(
            replicas := pieces.syncs[1].instances,
            recommendations := [struct_pack(
                at_seconds := pieces.syncs[1].now, replicas := pieces.syncs[1].instances
            )],
            scale_events := []
        )) as state
    from pieces
    inner join policies
        on
            policies.service_name
            = {{ policy_of('pieces.service_name', ref('autoscaling_policies')) }}
    left join former_days
        on
            pieces.service_name = former_days.service_name
            and pieces.stretch_dt < pieces.dt
            and pieces.dt - 1 = former_days.dt
    where pieces.piece_number = 1
),

simulated as (
    select
        stretches.service_name,
        stretches.stretch_dt,
        cast(0 as bigint) as piece_number,
        {{ hpa_first_state() }} as state
    from stretches

    union all

    select
        pieces.service_name,
        pieces.stretch_dt,
        pieces.piece_number,
        list_reduce( -- noqa: PRS,RF02
            flatten(list_transform(pieces.syncs, lambda sync: list_transform(
                {{ steps }}, lambda step: struct_insert(sync, step := step)
            ))),
            lambda hpa, sync: case sync.step
                -- Pods added less than a start-up time ago start; the youngest leave first.
                when 'started' then struct_update(
                    hpa,
                    now := sync.now,
                    starting_replicas := least(
                        hpa.replicas,
                        greatest(0, {{ hpa_change_since('sync.now - hpa.pod_start_seconds') }})
                    )
                )
                -- As large a share of the pods is ready and measured as in the recorded minute.
                when 'measured' then struct_update(
                    hpa,
                    memory_known_pods := hpa.replicas - hpa.starting_replicas,
                    memory_pods := (hpa.replicas - hpa.starting_replicas)
                        * sync.memory_measured_instances // sync.instances,
                    cpu_known_pods := (hpa.replicas - hpa.starting_replicas)
                        * sync.counted_instances // sync.instances,
                    cpu_pods := (hpa.replicas - hpa.starting_replicas)
                        * sync.counted_instances // sync.instances
                        * sync.cpu_measured_instances // sync.counted_instances
                )
                when 'used' then struct_update(hpa, {{ hpa_use('cpu') }}, {{ hpa_use('memory') }})
                when 'rated' then struct_update(
                    hpa, {{ hpa_use_ratio('cpu') }}, {{ hpa_use_ratio('memory') }}
                )
                when 'proposed' then struct_update(
                    hpa,
                    cpu_replicas := {{ hpa_desired_replicas('cpu') }},
                    memory_replicas := {{ hpa_desired_replicas('memory') }}
                )
                when 'stabilized' then struct_update(
                    hpa,
                    recommended_replicas := greatest(hpa.cpu_replicas, hpa.memory_replicas),
                    stabilized_replicas := {{ hpa_stabilized_replicas() }},
                    scale_up_limit := {{ hpa_scale_limit('up') }},
                    scale_down_limit := {{ hpa_scale_limit('down') }}
                )
                when 'decided' then struct_update(
                    hpa,
                    desired_replicas := case
                        when hpa.replicas = 0 then 0
                        when hpa.stabilized_replicas > hpa.replicas then least(
                            hpa.stabilized_replicas, hpa.max_replicas, hpa.scale_up_limit
                        )
                        when hpa.stabilized_replicas < hpa.replicas then greatest(
                            hpa.stabilized_replicas, hpa.min_replicas, hpa.scale_down_limit
                        )
                        else least(greatest(hpa.replicas, hpa.min_replicas), hpa.max_replicas)
                    end
                )
                else struct_update(hpa, {{ hpa_state_after() }})
            end,
            struct_update(simulated.state, decisions := simulated.state.decisions[:0])
        ) as state
    from simulated
    inner join pieces
        on
            simulated.service_name = pieces.service_name
            and simulated.stretch_dt = pieces.stretch_dt
            and simulated.piece_number + 1 = pieces.piece_number
),

decided as (
    select
        pieces.service_name,
        pieces.dt,
        unnest(simulated.state['decisions']) as decision,
        unnest(pieces.labels) as sync_label,
        struct_pack(
            replicas := simulated.state['replicas'],
            recommendations := simulated.state['recommendations'],
            scale_events := simulated.state['scale_events']
        ) as state_after_piece
    from simulated
    inner join pieces
        on
            simulated.service_name = pieces.service_name
            and simulated.stretch_dt = pieces.stretch_dt
            and simulated.piece_number = pieces.piece_number
),

final as (
    select
        ---------- ids
        service_name,

        ---------- measures
        unnest(decision), -- noqa: AL03
        case when sync_label['is_last_of_day'] then state_after_piece end as state_after_day,

        ---------- timestamps
        sync_label['sync_ts'] as sync_ts,
        dt,

        ---------- metadata
        sync_label['batch_id'] as batch_id
    from decided
)

select * from final
