with landed as (
    select
        {{ delivered_fields([
            'service_name', 'resource', 'grain', 'method', 'origin_ts', 'target_ts', 'forecast'
        ]) }}
    from {{ landed_rows(ref('land_demand_forecasts')) }}
),

typed as (
    select
        ---------- ids
        service_name,

        ---------- dimensions
        resource,
        grain,
        method,

        ---------- measures
        {{ parsed_number('forecast') }} as forecast,

        ---------- timestamps
        {{ utc_timestamp('origin_ts') }} as origin_ts,
        {{ utc_timestamp('target_ts') }} as target_ts,

        ---------- metadata
        batch_id,
        _file,
        _row,
        _delivered_at,
        _malformed,
        _delivered
    from landed
),

validated as (
    select
        *,
        case
            when _malformed is not null then string_split(_malformed, ', ')
            else {{ rejection_reasons({
                'service_name_malformed': is_malformed_id('service_name'),
                'resource_malformed': is_malformed_id('resource'),
                'method_malformed': is_malformed_id('method'),
                'grain_unknown': is_unknown_member('grain', ref('forecast_grains')),
                'origin_ts_unparseable': 'origin_ts is null',
                'origin_ts_implausible': is_implausible_timestamp('origin_ts'),
                'target_ts_unparseable': 'target_ts is null',
                'target_ts_before_origin': 'target_ts <= origin_ts',
                'target_ts_implausible':
                    'target_ts > origin_ts + interval (' ~ var('longest_forecast_days') ~ ') day',
                'forecast_not_a_number': 'forecast is null',
                'forecast_impossible': 'abs(forecast) > ' ~ var('highest_forecast'),
            }) }}
        end as _rejection_reasons
    from typed
),

final as (
    select
        ---------- ids
        concat_ws('/', service_name, resource, grain, method)
        || '@' || strftime(origin_ts, '%Y-%m-%dT%H')
        || '>' || strftime(target_ts, '%Y-%m-%dT%H') as forecast_id,
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
        cast(origin_ts as date) as dt,

        ---------- metadata
        batch_id,
        _file,
        _row,
        case when len(_rejection_reasons) > 0 then {{ raw_text() }} end as _raw,
        _rejection_reasons,
        len(_rejection_reasons) > 0 as _is_rejected
    from validated
)

select * from final
