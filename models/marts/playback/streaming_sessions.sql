{{ config(
    incremental_strategy='delete+insert',
    unique_key=['session_id', 'session_date'],
    partitioned_by=['session_date'],
    sorted_by=['session_id'],
) }}

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
        row_number() over in_order as event_position
    from playback_events
    window in_order as (
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

sessions as (
    select
        session_id,
        session_date,
        arg_min(profile_id, event_position) as profile_id,
        arg_min(title_id, event_position) as title_id,
        arg_min(region, event_position) as region,
        arg_min(device_type, event_position) as device_type,
        arg_max(cdn_endpoint, event_position) filter (cdn_endpoint is not null) as cdn_endpoint,
        max(error_code) filter (is_last_event) as error_code,

        bool_or(has_started) as has_started,
        bool_or(is_last_event and event_type = 'error') as has_failed,
        bool_or(is_last_event and event_type = 'end') as has_ended,
        bool_or(is_requested) as is_requested,

        -- The first frame less the request, less the advertisements between them. Without the end
        -- of one, nobody knows when the title began to load.
        {{ milliseconds_between(
            'min(event_ts) filter (is_requested and not has_started)',
            "min(event_ts) filter (is_start and event_type = 'first_frame')",
        ) }}
        - coalesce(
            sum(elapsed_ms) filter (state = 'ad' and is_requested and not has_started), 0
        ) as start_time_ms,
        case
            when
                coalesce(sum(elapsed_ms - observed_ms) filter (
                    state = 'ad' and is_requested and not has_started
                ), 0) = 0
                then start_time_ms
        end as video_start_time_ms,

        coalesce(sum(observed_ms) filter (state = 'playing'), 0) as playing_ms,
        coalesce(sum(observed_ms) filter (state = 'stall'), 0) as stall_ms,
        coalesce(sum(observed_ms) filter (state = 'seek_stall'), 0) as seek_stall_ms,
        coalesce(sum(observed_ms) filter (state = 'seeking'), 0) as seeking_ms,
        coalesce(sum(observed_ms) filter (state = 'paused'), 0) as paused_ms,
        coalesce(sum(observed_ms) filter (state = 'ad'), 0) as ad_ms,
        sum(elapsed_ms - observed_ms) as unobserved_ms,
        count(*) filter (is_rebuffering_start) as rebuffering_count,

        coalesce(
            sum(observed_ms) filter (state = 'playing' and current_bitrate_kbps is not null), 0
        ) as bitrate_known_ms,
        -- kbit/s times ms are bits.
        coalesce(sum(observed_ms * current_bitrate_kbps) filter (state = 'playing'), 0)
            as played_bits,
        count(*) filter (is_rendition_selection) as rendition_selections,
        coalesce(sum(current_bitrate_kbps) filter (is_rendition_selection), 0) as selected_kbps_sum,

        list_filter(
            list(measured_throughput_kbps order by event_position),
            lambda throughput: throughput is not null
        ) as throughputs_kbps,
        throughputs_kbps[-{{ var('network_speed_samples') }}:] as newest_throughputs_kbps,

        count(*) as events,
        min(session_started_at) as session_started_at,
        min(event_ts) filter (is_start) as video_started_at,
        max(event_ts) as last_event_ts,
        max(event_ts) filter (is_last_event) as ended_at
    from intervals
    group by session_id, session_date
),

-- Events after the end count here only, so that a session's newest batch is that of its newest row.
delivered as (
    select
        session_id,
        session_date,
        count(*) as events_delivered,
        max(batch_id) as batch_id
    from playback_events
    group by session_id, session_date
),

final as (
    select
        ---------- ids
        sessions.session_id,
        sessions.profile_id,
        sessions.title_id,

        ---------- dimensions
        case
            when sessions.has_failed then 'failed'
            when sessions.has_ended then 'ended'
            else 'active'
        end as status,
        sessions.region,
        sessions.device_type,
        sessions.cdn_endpoint,
        sessions.error_code,
        sessions.is_requested or sessions.has_started or sessions.has_failed as is_attempt,
        sessions.has_started,
        sessions.is_requested
        and not sessions.has_started
        and not sessions.has_failed as is_exit_before_video_start,
        sessions.has_failed and not sessions.has_started as is_video_start_failure,
        sessions.has_failed and sessions.has_started as is_playback_failure,

        ---------- measures
        -- To the kbit/s, so that a speed on the limit of a rule is on it.
        round({{ harmonic_mean('sessions.newest_throughputs_kbps') }} / 1000, 3) as network_speed,
        round({{ harmonic_mean('sessions.throughputs_kbps') }} / 1000, 3)
            as network_speed_harmonic_mean,
        list_aggregate(sessions.throughputs_kbps, 'quantile_disc', 0.1) / 1000
            as network_speed_p10,
        len(sessions.throughputs_kbps) as network_samples,
        cast(sessions.video_start_time_ms as bigint) as video_start_time_ms,
        cast(sessions.playing_ms as bigint) as playing_ms,
        sessions.playing_ms / 1000 as watched_seconds,
        sessions.rebuffering_count,
        cast(sessions.stall_ms + sessions.seek_stall_ms as bigint) as rebuffering_ms,
        cast(sessions.seek_stall_ms as bigint) as rebuffering_seek_ms,
        (sessions.stall_ms + sessions.seek_stall_ms)
        / nullif(sessions.playing_ms + sessions.stall_ms + sessions.seek_stall_ms, 0)
            as rebuffering_ratio,
        sessions.stall_ms / nullif(sessions.playing_ms + sessions.stall_ms, 0)
            as rebuffering_without_seeks_ratio,
        cast(sessions.seeking_ms as bigint) as seeking_ms,
        cast(sessions.paused_ms as bigint) as paused_ms,
        cast(sessions.ad_ms as bigint) as ad_ms,
        cast(sessions.unobserved_ms as bigint) as unobserved_ms,
        sessions.selected_kbps_sum / nullif(sessions.rendition_selections, 0)
            as average_bitrate_kbps,
        sessions.played_bits / nullif(sessions.bitrate_known_ms, 0) as time_weighted_bitrate_kbps,
        cast(sessions.played_bits as bigint) as played_bits,
        cast(sessions.bitrate_known_ms as bigint) as bitrate_known_ms,
        greatest(sessions.rendition_selections - 1, 0) as rendition_switches,
        sessions.events,
        delivered.events_delivered - sessions.events as events_after_end,

        ---------- timestamps
        sessions.session_started_at,
        sessions.video_started_at,
        sessions.last_event_ts,
        sessions.ended_at,
        sessions.session_date,

        ---------- metadata
        delivered.batch_id
    from sessions
    inner join delivered
        on
            sessions.session_id = delivered.session_id
            and sessions.session_date = delivered.session_date
)

select * from final
