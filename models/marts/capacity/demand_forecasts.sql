with staged as (
    select * from {{ ref('stg_demand_forecasts') }}
    where
        not _is_rejected
        and {{ new_batches(ref('stg_demand_forecasts')) }}
),

first_deliveries as (
    select * from staged
    where {{ is_first_delivery('staged', 'forecast_id', ref('stg_demand_forecasts')) }}
),

final as (
    select
        ---------- ids
        forecast_id,
        service_name,

        ---------- dimensions
        resource,
        grain,
        method,

        ---------- measures
        forecast,

        ---------- timestamps
        origin_ts,
        target_ts,
        dt,

        ---------- metadata
        batch_id
    from first_deliveries
    where
        {{ not_yet_loaded('first_deliveries', 'forecast_id', ref('stg_demand_forecasts')) }}
)

select * from final
