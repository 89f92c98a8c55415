-- Every landed forecast that the fact did not keep: rejected, conflicting and duplicate rows.
{{ quarantine_rows(
    staged=ref('stg_demand_forecasts'),
    kept=ref('demand_forecasts'),
    id='forecast_id',
    payload=['forecast'],
) }}
