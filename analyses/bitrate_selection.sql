-- Which rendition suits each active session? The rules are in the query, as in the document;
-- `session_bitrates` returns the same from the reference table.
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
