-- How does each bitrate policy perform on these networks?
with what_if as (
    select * from {{ ref('bitrate_what_if') }}
),

final as (
    select
        network_class,
        ladder,
        policy_name,
        count(*) as traces,
        sum(bitrate_sum_kbps) / sum(segments) as average_bitrate_kbps,
        sum(rebuffering_ms) / sum(rebuffering_ms + content_ms) as rebuffering_ratio,
        sum(rendition_switches) / sum(segments) as switches_per_segment,
        sum(start_delay_ms) / count(*) as mean_start_delay_ms,
        avg(qoe_score) as mean_qoe_score
    from what_if
    group by network_class, ladder, policy_name
)

select * from final
order by network_class asc, ladder asc, mean_qoe_score desc
