{{ config(materialized='view') }}

with streaming_sessions as (
    select * from {{ ref('streaming_sessions') }}
),

streaming_quality_rules as (
    select * from {{ ref('streaming_quality_rules') }}
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
        streaming_quality_rules.cdn_endpoint as nearest_cdn_endpoint,
        streaming_quality_rules.rule_version,

        ---------- measures
        streaming_sessions.network_speed,
        streaming_quality_rules.recommended_bitrate_kbps,
        streaming_quality_rules.optimal_bitrate,

        ---------- timestamps
        streaming_sessions.session_date,

        ---------- metadata
        streaming_sessions.batch_id
    from streaming_sessions
    -- A rule applies from its speed up to the next one. An unknown speed gets the last rule, the
    -- "else" of the document's query.
    asof left join streaming_quality_rules
        on
            streaming_sessions.region = streaming_quality_rules.region
            and coalesce(streaming_sessions.network_speed, 'infinity')
            >= streaming_quality_rules.network_speed_mbps
)

select * from final
