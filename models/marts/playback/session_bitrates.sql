{{ config(materialized='view') }}

with streaming_sessions as (
    select * from {{ ref('streaming_sessions') }}
),

rules_in_force as (
    select * from {{ ref('streaming_quality_rules') }}
    where is_in_force
),

nearest_endpoints as (
    select * from {{ ref('cdn_endpoints') }}
    where priority = 1
),

final as (
    select
        ---------- ids
        streaming_sessions.session_id,

        ---------- dimensions
        streaming_sessions.status,
        streaming_sessions.region,
        streaming_sessions.device_type,
        streaming_sessions.cdn_endpoint,
        nearest_endpoints.cdn_endpoint as nearest_cdn_endpoint,
        rules_in_force.rule_version,

        ---------- measures
        streaming_sessions.network_speed,
        rules_in_force.optimal_bitrate,

        ---------- timestamps
        streaming_sessions.session_date,

        ---------- metadata
        streaming_sessions.batch
    from streaming_sessions
    -- The last rule is the "else" of the document's query: it also takes a speed that is unknown.
    left join rules_in_force
        on
            case
                when streaming_sessions.network_speed is null
                    then rules_in_force.max_network_speed is null
                else
                    streaming_sessions.network_speed >= rules_in_force.min_network_speed
                    and streaming_sessions.network_speed
                    < coalesce(rules_in_force.max_network_speed, 'infinity')
            end
    left join nearest_endpoints
        on streaming_sessions.region = nearest_endpoints.region
)

select * from final
