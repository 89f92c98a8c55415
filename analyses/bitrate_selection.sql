-- Which rendition suits each session that plays now? The rules stand in the query, as operations
-- know it; `session_bitrates` gives the same from the reference table.
select
    session_id,
    device_type,
    region,
    network_speed,
    case
        when network_speed < 5 then 480
        when network_speed < 10 then 720
        when network_speed < 25 then 1080
        else 2160
    end as optimal_bitrate,
    cdn_endpoint
from {{ ref('streaming_sessions') }}
where status = 'active'
