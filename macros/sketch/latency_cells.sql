{% macro latency_cells(requests, keys) -%}
    {#- Shared by all latency tables: group by bucket first, then by cell. -#}
    with bucketed as (
        select
            {{ keys | join(', ') }},
            {{ sketch_bucket('response_time_ms') }} as bucket,
            count(*) as requests,
            count(response_time_ms) as timed_requests,
            count(*) filter (status_code between 400 and 499) as client_errors,
            count(*) filter (status_code >= 500) as server_errors,
            sum(response_bytes) as response_bytes,
            sum(cast(response_time_ms as decimal(18, 3))) as response_time_ms_sum,
            max(batch_id) as batch_id
        from {{ requests }}
        group by all
    )

    select
        ---------- ids
        {{ keys | join(', ') }},

        ---------- measures
        cast(sum(requests) as bigint) as requests,
        cast(sum(timed_requests) as bigint) as timed_requests,
        cast(sum(client_errors) as bigint) as client_errors,
        cast(sum(server_errors) as bigint) as server_errors,
        cast(coalesce(sum(response_bytes), 0) as bigint) as response_bytes,
        cast(coalesce(sum(response_time_ms_sum), 0) as decimal(38, 3)) as response_time_ms_sum,
        list(bucket order by bucket) filter (bucket is not null) as sketch_buckets,
        list(timed_requests order by bucket) filter (bucket is not null) as sketch_counts,

        ---------- metadata
        max(batch_id) as batch_id
    from bucketed
    group by all
{%- endmacro %}
