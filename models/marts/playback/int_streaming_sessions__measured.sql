-- What was measured of each session, by its player's state between two events.
{{ config(incremental_strategy='delete+insert', unique_key=['session_id', 'session_date']) }}

with playback_events as (
    select * from {{ ref('playback_events') }}
    where {{ affected_keys(
        ref('playback_events'), keys=['session_id', 'session_date'], partition='session_date'
    ) }}
),

ordered as (
    select
        *,
        event_type = 'end' or (event_type = 'error' and is_fatal) as is_last_event,
        row_number() over in_order as event_position,
        -- Events after the end count here only, so that a session's newest batch is that of its
        -- newest row.
        count(*) over in_session as events_delivered,
        max(batch_id) over in_session as newest_batch_id
    from playback_events
    window
        in_session as (partition by session_id, session_date),
        in_order as (
            partition by session_id, session_date
            order by event_ts asc, sequence_number asc nulls last, event_id asc
        )
),

-- What comes after the end, by a clock that jumps or a player that is late, belongs to no playback.
counted as (
    select * from ordered
    qualify coalesce(bool_or(is_last_event) over (
        partition by session_id, session_date
        order by event_position
        rows between unbounded preceding and 1 preceding
    ), false) = false
),

-- What is true from this event to the next one. A lost end of a stall, seek, pause or ad does not
-- last beyond the next report that the title plays.
known as (
    select
        *,
        coalesce(bool_or(event_type = 'play_requested') over so_far, false) as is_requested,
        coalesce(bool_or(event_type in ('first_frame', 'playing')) over so_far, false)
            as has_started,
        {{ is_state_active('stall_start', 'stall_end', 'so_far') }} as is_stalled,
        {{ is_state_active('seek_start', 'seek_end', 'so_far') }} as is_seeking,
        {{ is_state_active('pause', 'resume', 'so_far') }} as is_paused,
        {{ is_state_active('ad_start', 'ad_end', 'so_far') }} as is_in_ad,
        coalesce(
            {{ milliseconds_between('event_ts', 'lead(event_ts) over in_order') }}, 0
        ) as elapsed_ms
    from counted
    window
        in_order as (partition by session_id, session_date order by event_position),
        so_far as (
            partition by session_id, session_date
            order by event_position
            rows between unbounded preceding and current row
        )
),

states as (
    select
        *,
        -- What plays in an advertisement is no rendition of the title.
        last_value(case when not is_in_ad then bitrate_kbps end ignore nulls) over so_far
            as current_bitrate_kbps,
        case
            when is_in_ad then 'ad'
            when not has_started and is_requested then 'starting'
            when not has_started then 'idle'
            when is_paused then 'paused'
            when is_stalled and is_seeking then 'seek_stall'
            when is_stalled then 'stall'
            when is_seeking then 'seeking'
            else 'playing'
        end as state
    from known
    window so_far as (
        partition by session_id, session_date
        order by event_position
        rows between unbounded preceding and current row
    )
),

intervals as (
    select
        *,
        -- A player that falls silent is not known to play on; one that is paused says nothing, and
        -- an advertisement that the next event ends or finds running has run all the time.
        case
            when state = 'paused' then elapsed_ms
            when state = 'ad' and lead(
                event_type = 'ad_end' or (is_in_ad and not is_last_event)
            ) over in_order then elapsed_ms
            else least(elapsed_ms, {{ var('longest_silence_seconds') * 1000 }})
        end as observed_ms,
        state = 'ad' and is_requested and not has_started as is_starting_ad,
        has_started and not coalesce(lag(has_started) over in_order, false) as is_start,
        state in ('stall', 'seek_stall')
        and coalesce(lag(state) over in_order, '') not in ('stall', 'seek_stall')
            as is_rebuffering_start,
        has_started and not is_last_event and current_bitrate_kbps is not null
        and (
            not coalesce(lag(has_started) over in_order, false)
            or current_bitrate_kbps is distinct from lag(current_bitrate_kbps) over in_order
        ) as is_rendition_selection
    from states
    window in_order as (partition by session_id, session_date order by event_position)
),

final as (
    select
        ---------- ids
        session_id,
        arg_min(profile_id, event_position) as profile_id,
        arg_min(title_id, event_position) as title_id,

        ---------- dimensions
        arg_min(region, event_position) as region,
        arg_min(device_type, event_position) as device_type,
        arg_max(cdn_endpoint, event_position) filter (cdn_endpoint is not null) as cdn_endpoint,
        max(error_code) filter (is_last_event) as error_code,
        bool_or(is_requested) as is_requested,
        bool_or(has_started) as has_started,
        bool_or(is_last_event and event_type = 'error') as has_failed,
        bool_or(is_last_event and event_type = 'end') as has_ended,

        ---------- measures
        -- The first frame less the request, less the advertisements between them. Without the end
        -- of one, nobody knows when the title began to load.
        cast(
            case
                when coalesce(sum(elapsed_ms - observed_ms) filter (is_starting_ad), 0) = 0
                    then {{ milliseconds_between(
                        'min(event_ts) filter (is_requested and not has_started)',
                        "min(event_ts) filter (is_start and event_type = 'first_frame')",
                    ) }} - coalesce(sum(elapsed_ms) filter (is_starting_ad), 0)
            end as bigint
        ) as video_start_time_ms,
        {% for state in ['playing', 'stall', 'seek_stall', 'seeking', 'paused', 'ad'] -%}
            cast(coalesce(sum(observed_ms) filter (state = '{{ state }}'), 0) as bigint)
                as {{ state }}_ms,
        {% endfor -%}
        cast(sum(elapsed_ms - observed_ms) as bigint) as unobserved_ms,
        count(*) filter (is_rebuffering_start) as rebuffering_count,
        cast(
            coalesce(sum(observed_ms) filter (
                state = 'playing' and current_bitrate_kbps is not null
            ), 0) as bigint
        ) as bitrate_known_ms,
        -- kbit/s times ms are bits.
        cast(
            coalesce(sum(observed_ms * current_bitrate_kbps) filter (state = 'playing'), 0)
            as bigint
        ) as played_bits,
        count(*) filter (is_rendition_selection) as rendition_selections,
        cast(coalesce(sum(current_bitrate_kbps) filter (is_rendition_selection), 0) as bigint)
            as selected_kbps_sum,
        list_filter(
            list(measured_throughput_kbps order by event_position),
            lambda throughput: throughput is not null
        ) as throughputs_kbps,
        count(*) as events,
        max(events_delivered) as events_delivered,

        ---------- timestamps
        min(session_started_at) as session_started_at,
        min(event_ts) filter (is_start) as video_started_at,
        max(event_ts) as last_event_ts,
        max(event_ts) filter (is_last_event) as ended_at,
        session_date,

        ---------- metadata
        max(newest_batch_id) as batch_id
    from intervals
    group by session_id, session_date
)

select * from final
