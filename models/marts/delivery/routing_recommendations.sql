{{ config(materialized='view') }}

with days as (
    select * from {{ ref('latency_by_region') }}
    where
        dt > (select max(newest.dt) from {{ ref('latency_by_region') }} as newest)
        - {{ var('routing_window_days') }}
        and client_region <> 'unknown'
        and serving_region <> 'unknown'
),

locations as (
    select * from {{ ref('region_locations') }}
),

sketches as (
    {{ merged_sketches('days', keys=['client_region', 'serving_region']) }}
),

routes as (
    select
        client_region,
        serving_region,
        cast(list_sum(sketch_counts) as bigint) as requests,
        {{ sketch_quantile('sketch_buckets', 'sketch_counts', 0.95) }} as p95_ms
    from sketches
),

-- Great-circle distance, by which GeoDNS chooses.
located as (
    select
        routes.*,
        2 * 6371 * asin(sqrt(
            pow(sin(radians(serving.latitude - client.latitude) / 2), 2)
            + cos(radians(client.latitude)) * cos(radians(serving.latitude))
            * pow(sin(radians(serving.longitude - client.longitude) / 2), 2)
        )) as distance_km
    from routes
    inner join locations as client
        on routes.client_region = client.region
    inner join locations as serving
        on routes.serving_region = serving.region
),

choices as (
    select
        client_region,
        max_by(serving_region, requests) as current_region,
        max(requests) as current_requests,
        max_by(p95_ms, requests) as current_p95_ms,
        min_by(serving_region, distance_km) as nearest_region,
        min_by(p95_ms, distance_km) as nearest_p95_ms,
        min_by(serving_region, p95_ms) filter (requests >= {{ var('routing_minimum_requests') }})
            as fastest_region,
        min_by(requests, p95_ms) filter (requests >= {{ var('routing_minimum_requests') }})
            as fastest_requests,
        min(p95_ms) filter (requests >= {{ var('routing_minimum_requests') }}) as fastest_p95_ms
    from located
    group by client_region
),

final as (
    select
        ---------- ids
        client_region,

        ---------- dimensions
        current_region,
        nearest_region,
        fastest_region,
        coalesce(fastest_region <> current_region, false) as is_change_recommended,

        ---------- measures
        current_requests,
        fastest_requests,
        current_p95_ms,
        nearest_p95_ms,
        fastest_p95_ms,
        current_p95_ms - fastest_p95_ms as saved_p95_ms,
        nearest_p95_ms - fastest_p95_ms as saved_against_nearest_p95_ms
    from choices
)

select * from final
