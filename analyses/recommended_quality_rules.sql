-- Which table of rules suits these networks and ladders best? Candidates ask for a multiple of the
-- rendition's bitrate, by one factor up to 720 lines and another above. They are fitted on the
-- training traces, and the best one is judged, beside the rules in force, on the others.
with throughput_samples as (
    select * from {{ ref('throughput_samples') }}
),

ladder_segments as (
    select * from {{ ref('ladder_segments') }}
),

training_samples as (
    select * from throughput_samples
    where {{ is_training_trace('trace_id') }}
),

judging_samples as (
    select * from throughput_samples
    where not {{ is_training_trace('trace_id') }}
),

factors as (
    select unnest([0.5, 0.6, 0.7, 0.8, 1.0, 1.2, 1.5]) as factor
),

-- What the best rendition of each height takes, on the ladder where it takes most.
heights as (
    select
        height,
        max(bitrate_kbps) / 1000 as highest_mbps,
        height = min(height) over () as is_lowest
    from ladder_segments
    group by height
),

candidate_ranges as (
    select
        printf('%.1f up to 720, %.1f above', small_factors.factor, large_factors.factor)
            as policy_name,
        heights.height as optimal_bitrate,
        case
            when heights.is_lowest then 0
            when heights.height <= 720 then round(heights.highest_mbps * small_factors.factor, 2)
            else round(heights.highest_mbps * large_factors.factor, 2)
        end as min_network_speed
    from heights
    cross join factors as small_factors
    cross join factors as large_factors
),

closed_ranges as (
    select
        *,
        lead(min_network_speed) over by_speed as max_network_speed
    from candidate_ranges
    window by_speed as (partition by policy_name order by optimal_bitrate)
),

candidates as (
    select
        policy_name,
        'rules' as kind,
        cast(null as double) as safety_factor,
        cast(null as double) as reservoir_ms,
        cast(null as double) as cushion_ms,
        cast(null as double) as rebuffering_weight,
        {{ rule_table() }} as rules
    from closed_ranges
    group by policy_name
    -- A lower height that asks for more speed than the next is no table.
    having bool_and(max_network_speed is null or max_network_speed > min_network_speed)
),

in_force as (
    select
        'rules in force' as policy_name,
        'rules' as kind,
        cast(null as double) as safety_factor,
        cast(null as double) as reservoir_ms,
        cast(null as double) as cushion_ms,
        cast(null as double) as rebuffering_weight,
        {{ rule_table() }} as rules
    from {{ ref('streaming_quality_rules') }}
    where is_in_force
),

training_runs as (
    {{ simulated_playback('training_samples', 'ladder_segments', 'candidates') }}
),

training_scores as (
    select
        policy_name,
        {{ mean_relative_qoe() }} as training_score
    from training_runs
    group by policy_name
),

best_candidate as (
    select policy_name
    from training_scores
    order by training_score desc, policy_name asc
    limit 1
),

finalists as (
    select * from candidates
    where policy_name in (select best_candidate.policy_name from best_candidate)

    union all

    select * from in_force
),

judging_runs as (
    {{ simulated_playback('judging_samples', 'ladder_segments', 'finalists') }}
),

judging_scores as (
    select
        policy_name,
        count(distinct trace_id) as traces,
        sum(bitrate_sum_kbps) / sum(segments) as average_bitrate_kbps,
        sum(rebuffering_ms) / sum(rebuffering_ms + content_ms) as rebuffering_ratio,
        sum(rendition_switches) / sum(segments) as switches_per_segment,
        {{ mean_relative_qoe() }} as judging_score
    from judging_runs
    group by policy_name
),

final as (
    select
        judging_scores.policy_name,
        judging_scores.traces,
        training_scores.training_score,
        judging_scores.judging_score,
        judging_scores.average_bitrate_kbps,
        judging_scores.rebuffering_ratio,
        judging_scores.switches_per_segment,
        finalists.rules
    from judging_scores
    inner join finalists
        on judging_scores.policy_name = finalists.policy_name
    left join training_scores
        on judging_scores.policy_name = training_scores.policy_name
)

select * from final
order by judging_score desc
