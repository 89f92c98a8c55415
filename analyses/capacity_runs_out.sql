-- When does capacity run out? The first forecast day above capacity, and the first day on which the
-- upper bound of the 80 % interval is; null if capacity is sufficient for the year ahead.
select
    service_name,
    resource,
    any_value(method) as method,
    any_value(capacity) as capacity,
    max(forecast) as forecast_peak,
    max_by(target_ts, forecast) as peak_ts,
    min(target_ts) filter (where may_be_beyond_capacity) as may_run_out_ts,
    min(target_ts) filter (where is_beyond_capacity) as runs_out_ts
from {{ ref('capacity_forecast') }}
where
    grain = 'day'
    and capacity is not null
group by service_name, resource
order by runs_out_ts asc nulls last, may_run_out_ts asc nulls last, service_name asc
