{{ config(materialized='view') }}

with content_releases as (
    select * from {{ ref('content_releases') }}
),

known_events as (
    select * from {{ ref('known_events') }}
),

final as (
    select
        ---------- ids
        release_name as event_name,
        service_name,

        ---------- dimensions
        'release' as kind,

        ---------- measures
        cast(expected_uplift as double) as expected_uplift,

        ---------- timestamps
        starts_at,
        ends_at
    from content_releases
    union all
    select
        event_name,
        service_name,
        kind,
        cast(expected_uplift as double) as expected_uplift,
        starts_at,
        ends_at
    from known_events
)

select * from final
