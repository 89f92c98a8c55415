-- What got slower? The last full hour before "now" compared with the same hour of the week in the
-- four weeks before, merged. Endpoints with too few requests on either side are left out.
{% set now = as_of(ref('hourly_latency'), 'hour_ts + interval 1 hour') %}
{% set hour_ts = "(date_trunc('hour', " ~ now ~ ") - interval 1 hour)" %}

with hours as (
    select
        *,
        hour_ts = {{ hour_ts }} as is_now
    from {{ ref('hourly_latency') }}
    where
        hour_ts in (
            {{ hour_ts }},
            {{ hour_ts }} - interval 7 day,
            {{ hour_ts }} - interval 14 day,
            {{ hour_ts }} - interval 21 day,
            {{ hour_ts }} - interval 28 day
        )
),

sketches as (
    {{ merged_sketches('hours', keys=['service_name', 'endpoint', 'is_now']) }}
),

quantiles as (
    select
        service_name,
        endpoint,
        is_now,
        list_sum(sketch_counts) as requests,
        {{ sketch_quantile('sketch_buckets', 'sketch_counts', 0.95) }} as p95_ms
    from sketches
),

compared as (
    select
        service_name,
        endpoint,
        max(requests) filter (is_now) as requests,
        max(requests) filter (not is_now) as former_requests,
        max(p95_ms) filter (is_now) as p95_ms,
        max(p95_ms) filter (not is_now) as former_p95_ms
    from quantiles
    group by service_name, endpoint
)

select
    *,
    p95_ms / former_p95_ms as p95_ratio
from compared
where
    requests >= {{ var('regression_minimum_requests', 30) }}
    and former_requests >= {{ var('regression_minimum_requests', 30) }}
order by p95_ratio desc
