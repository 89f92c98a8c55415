{% test decides_on_every_request(model, requests, zones) %}
{#- Requests of the clients, zones and days that were written last, by minute, against the decisions. -#}
{%- set limits = api.Relation.create(identifier=(model | string | replace('"', '')).split('.')[-1]) -%}
{%- set partitions = "select distinct dt from " ~ model -%}
{%- if execute and flags.WHICH in ['build', 'test', 'retry'] -%}
    {%- set partitions = partition_literals(run_query(
        "select distinct dt from " ~ model ~ " where " ~ last_written(limits) ~ " order by all"
    )) -%}
{%- endif -%}
with limited as (
    select
        zone,
        client_key,
        dt,
        minute_ts,
        requests
    from {{ model }}
    where
        dt in ({{ partitions }})
        and (zone, client_key, dt) in (
            select (zone, client_key, dt) from {{ model }}
            where {{ last_written(limits) }}
        )
),

expected as (
    select
        zones.zone,
        requests.client_key,
        requests.dt,
        date_trunc('minute', requests.timestamp) as minute_ts,
        count(*) as requests
    from {{ requests }} as requests
    inner join {{ zones }} as zones
        on
            zones.service_name in ('*', requests.service_name)
            and zones.endpoint in ('*', requests.endpoint)
    where
        requests.dt in ({{ partitions }})
        and (zones.zone, requests.client_key, requests.dt) in (select (zone, client_key, dt) from limited)
    group by all
)

select
    zone,
    client_key,
    dt,
    minute_ts,
    expected.requests as expected_requests,
    limited.requests as found_requests
from expected
full join limited
    using (zone, client_key, dt, minute_ts)
where expected.requests is distinct from limited.requests
{% endtest %}
