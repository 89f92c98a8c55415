{{ config(materialized='view') }}

with rules_in_force as (
    select * from {{ ref('streaming_quality_rule_versions') }}
    where is_in_force
),

regions as (
    select * from {{ ref('regions') }}
),

nearest_endpoints as (
    select * from {{ ref('cdn_endpoints') }}
    where priority = 1
),

-- A region with its own rules uses only these.
ruled_regions as (
    select distinct region from rules_in_force
    where region is not null
),

final as (
    select
        ---------- ids
        regions.region,
        rules_in_force.network_speed_mbps,

        ---------- dimensions
        nearest_endpoints.cdn_endpoint,
        rules_in_force.rule_version,

        ---------- measures
        rules_in_force.recommended_bitrate_kbps,
        rules_in_force.optimal_bitrate
    from regions
    left join ruled_regions
        on regions.region = ruled_regions.region
    inner join rules_in_force
        on ruled_regions.region is not distinct from rules_in_force.region
    left join nearest_endpoints
        on regions.region = nearest_endpoints.region
)

select * from final
