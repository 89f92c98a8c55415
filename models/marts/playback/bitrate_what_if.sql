{{ config(
    incremental_strategy='delete+insert',
    unique_key=['trace_id', 'trace_date'],
    partitioned_by=['trace_date'],
) }}

with throughput_samples as (
    select * from {{ ref('throughput_samples') }}
    where {{ touched(
        ref('throughput_samples'), keys=['trace_id', 'trace_date'], partition='trace_date'
    ) }}
),

ladder_segments as (
    select * from {{ ref('ladder_segments') }}
),

streaming_quality_rules as (
    select * from {{ ref('streaming_quality_rules') }}
),

bitrate_policies as (
    select * from {{ ref('bitrate_policies') }}
),

rule_tables as (
    select
        rule_version,
        {{ rule_table() }} as rules
    from streaming_quality_rules
    group by rule_version
),

players as (
    select
        bitrate_policies.*,
        rule_tables.rules
    from bitrate_policies
    left join rule_tables
        on bitrate_policies.rule_version = rule_tables.rule_version
),

traces as (
    select
        trace_id,
        trace_date,
        min(network_type) as network_type,
        max(batch) as batch
    from throughput_samples
    group by trace_id, trace_date
),

simulated as (
    {{ simulated_playback('throughput_samples', 'ladder_segments', 'players') }}
),

final as (
    select
        ---------- ids
        simulated.trace_id,
        simulated.ladder,
        simulated.policy_name,

        ---------- dimensions
        traces.network_type,
        {{ is_training_trace('simulated.trace_id') }} as is_training_trace,

        ---------- measures
        simulated.segments,
        cast(simulated.content_ms as bigint) as content_ms,
        cast(simulated.bitrate_sum_kbps as bigint) as bitrate_sum_kbps,
        simulated.rebuffering_ms,
        simulated.rebuffering_count,
        simulated.start_delay_ms,
        simulated.rendition_switches,
        cast(simulated.bitrate_change_sum_kbps as bigint) as bitrate_change_sum_kbps,
        {{ quality_of_experience() }} as qoe_score,

        ---------- timestamps
        traces.trace_date,

        ---------- metadata
        traces.batch
    from simulated
    inner join traces
        on simulated.trace_id = traces.trace_id
)

select * from final
