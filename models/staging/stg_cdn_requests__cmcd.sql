with landed as (
    select {{ delivered_fields(['request_id', 'cmcd', 'request_ts']) }}
    from {{ landed_rows(ref('land_cdn_requests')) }}
),

reports as (
    select
        * replace ({{ utc_timestamp('request_ts') }} as request_ts),
        {{ cmcd_text('cmcd') }} as report
    from landed
    where cmcd is not null
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
        cast(typed.request_ts as date) as dt,

        ---------- metadata
        typed.cmcd,
        typed.keys_sent,
        typed.problems,
        typed.batch_id
    from typed
)

select * from final
