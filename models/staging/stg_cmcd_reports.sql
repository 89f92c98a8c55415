with reports as (
    select
        request_id,
        cmcd,
        request_ts,
        dt,
        batch_id,
        {{ cmcd_text('cmcd') }} as report
    from {{ ref('stg_cdn_requests') }}
    where
        cmcd is not null
        and not _is_rejected
),

parsed as (
    select
        *,
        {{ dictionary_json('report') }} as keys_sent
    from reports
),

judged as (
    select
        *,
        case
            when keys_sent is null then map(['cmcd'], ['malformed'])
            else {{ cmcd_problems('keys_sent') }}
        end as problems
    from parsed
),

typed as (
    select
        *,
        {{ cmcd_fields('keys_sent', 'problems') }} as player_report
    from judged
),

final as (
    select
        ---------- ids
        typed.request_id,

        ---------- what the player reported
        {% for _, column, _, _ in cmcd_keys() %}
            typed.player_report.{{ column }},
        {% endfor %}

        ---------- timestamps
        typed.request_ts,
        typed.dt,

        ---------- metadata
        typed.cmcd,
        typed.keys_sent,
        typed.problems,
        typed.batch_id
    from typed
)

select * from final
