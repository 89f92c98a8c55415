{{ config(materialized='view') }}

with bitrate_what_if as (
    select * from {{ ref('bitrate_what_if') }}
),

-- The score of a policy in its network class, and its score without the traces of the fold.
scores as (
    select
        *,
        avg(qoe_score) over of_policy as policy_score,
        (sum(qoe_score) over of_policy - sum(qoe_score) over of_fold)
        / nullif(count(*) over of_policy - count(*) over of_fold, 0) as score_of_other_folds
    from bitrate_what_if
    window
        of_policy as (partition by ladder, network_class, policy_name),
        of_fold as (partition by ladder, network_class, policy_name, evidence_fold)
),

-- A trace is held back: it is scored with the policy that is best on the other folds.
traces as (
    select
        ladder,
        network_class,
        trace_id,
        trace_date,
        first(policy_name order by policy_score desc, policy_name asc) as best_policy,
        first(qoe_score order by policy_score desc, policy_name asc) as best_policy_score,
        case
            when count(score_of_other_folds) > 0
                then first(qoe_score order by score_of_other_folds desc, policy_name asc)
        end as held_back_score
    from scores
    group by ladder, network_class, trace_id, trace_date
),

classes as (
    select
        ladder,
        network_class,
        min(best_policy) as best_policy,
        count(*) as traces,
        avg(best_policy_score) as best_policy_score,
        stddev_samp(best_policy_score) / sqrt(count(*)) as best_policy_standard_error,
        avg(held_back_score) as held_back_score,
        avg(best_policy_score - held_back_score) as held_back_loss,
        stddev_samp(best_policy_score - held_back_score) / sqrt(count(held_back_score))
            as held_back_loss_standard_error
    from traces
    group by ladder, network_class
),

judged as (
    select
        *,
        case
            when traces < {{ var('recommendation_minimum_traces') }} or held_back_score is null
                then 'too few traces'
            when
                held_back_loss + 2 * held_back_loss_standard_error
                > {{ var('recommendation_tolerance') }} * abs(best_policy_score)
                then 'folds disagree'
            else 'held back'
        end as evidence
    from classes
),

final as (
    select
        ---------- ids
        ladder,
        network_class,

        ---------- dimensions
        case when evidence = 'held back' then best_policy end as recommended_policy,
        evidence,

        ---------- measures
        traces,
        best_policy_score,
        best_policy_standard_error,
        held_back_score,
        held_back_loss,
        held_back_loss_standard_error
    from judged
)

select * from final
