{{ config(
    incremental_strategy='delete+insert',
    unique_key=['trace_id', 'trace_date'],
    partitioned_by=['trace_date'],
) }}

with throughput_samples as (
    select * from {{ ref('throughput_samples') }}
    where {{ affected_keys(
        ref('throughput_samples'), keys=['trace_id', 'trace_date'], partition='trace_date'
    ) }}
),

ladder_segments as (
    select * from {{ ref('ladder_segments') }}
),

streaming_quality_rule_versions as (
    select * from {{ ref('streaming_quality_rule_versions') }}
    -- A trace has no region.
    where region is null
),

bitrate_policies as (
    select * from {{ ref('bitrate_policies') }}
),

rule_tables as (
    select
        rule_version,
        {{ rule_table() }} as rules
    from streaming_quality_rule_versions
    group by rule_version
),

players as (
    select
        bitrate_policies.*,
        rule_tables.rules
    from bitrate_policies
    left join rule_tables
        on bitrate_policies.rule_version = rule_tables.rule_version
    where bitrate_policies.kind <> 'rules' or rule_tables.rules is not null
),

traces as (
    select
        trace_id,
        trace_date,
        min(network_type) as network_type,
        sum(cast(duration_ms as bigint) * bandwidth_kbps) / sum(duration_ms) as mean_kbps,
        -- Time-weighted variance around the mean: rounding can make a zero slightly negative.
        sqrt(greatest(
            sum(duration_ms * power(bandwidth_kbps, 2)) / sum(duration_ms) - power(mean_kbps, 2), 0
        )) / mean_kbps as variation,
        max(batch_id) as batch_id
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
        {{ network_class('traces.network_type', 'traces.mean_kbps', 'traces.variation') }}
            as network_class,
        {{ evidence_fold('simulated.trace_id') }} as evidence_fold,

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
        traces.batch_id
    from simulated
    inner join traces
        on simulated.trace_id = traces.trace_id
)

select * from final
