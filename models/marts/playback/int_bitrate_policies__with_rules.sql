{{ config(materialized='view') }}

with bitrate_policies as (
    select * from {{ ref('bitrate_policies') }}
),

streaming_quality_rule_versions as (
    select * from {{ ref('streaming_quality_rule_versions') }}
    -- A trace has no region.
    where region is null
),

rule_tables as (
    select
        rule_version,
        list(
            {
                'network_speed_mbps': network_speed_mbps,
                'recommended_bitrate_kbps': recommended_bitrate_kbps
            }
            order by network_speed_mbps
        ) as rules
    from streaming_quality_rule_versions
    group by rule_version
),

final as (
    select
        ---------- ids
        bitrate_policies.policy_name,

        ---------- dimensions
        bitrate_policies.kind,
        rule_tables.rules,

        ---------- measures
        bitrate_policies.safety_factor,
        bitrate_policies.reservoir_ms,
        bitrate_policies.cushion_ms,
        bitrate_policies.rebuffering_weight
    from bitrate_policies
    left join rule_tables
        on bitrate_policies.rule_version = rule_tables.rule_version
    where bitrate_policies.kind <> 'rules' or rule_tables.rules is not null
)

select * from final
