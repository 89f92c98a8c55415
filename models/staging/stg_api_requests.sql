{{ config(post_hook="{{ log_view('endpoint_rules') }}") }}

with landed as (
    select
        {{ delivered_fields(api_request_columns()) }},
        _occurrence
    from {{ landed_rows(ref('land_api_requests')) }}
),

parts as (
    select
        *,
        {{ log_line('line') }} as log_fields,
        log_fields['tail'] as tail,
        {{ log_tail("log_fields['tail']") }} as log_tail,
        regexp_extract(
            log_fields['request'], '^([A-Z]+) (\S+)(?: HTTP/[0-9.]+)?$', ['method', 'path']
        ) as asked
    from landed
),

-- One text per field, whether it comes in a column or in a log line.
fields as (
    select
        ---------- ids
        coalesce(request_id, {{ log_pair('tail', ['request_id']) }}) as request_id,
        coalesce(
            service_name,
            {{ log_pair('tail', ['service']) }},
            nullif(log_fields['virtual_host'], ''),
            nullif(regexp_extract(_file, '^api_requests/([A-Za-z][A-Za-z0-9_.-]*)/', 1), ''),
            case when line is not null then '{{ var("default_service_name") }}' end
        ) as service_name,
        coalesce(client_key, log_fields['client']) as client_key,

        ---------- dimensions
        coalesce(
            endpoint,
            nullif(asked['path'], ''),
            case when line is not null then '{{ var("unreadable_request_endpoint") }}' end
        ) as url_path,
        coalesce(method, nullif(asked['method'], '')) as method, -- noqa: RF04
        coalesce(status_code, log_fields['status']) as status_code,
        coalesce(client_region, {{ log_pair('tail', ['region']) }}) as client_region,
        coalesce(serving_region, {{ log_pair('tail', ['serving_region']) }}) as serving_region,
        coalesce(
            upstream_servers,
            {{ log_pair('tail', ['upstream_addr'], attempts_of('[^\\s",]+')) }},
            nullif(log_tail['upstream_addr'], '')
        ) as upstream_servers,
        coalesce(
            upstream_statuses,
            {{ log_pair('tail', ['upstream_status'], attempts_of('\\d{3}|-')) }},
            nullif(log_tail['upstream_status'], '')
        ) as upstream_statuses,
        coalesce(rate_limit_status, {{ log_pair('tail', ['limit_req_status']) }})
            as rate_limit_status,

        ---------- measures
        response_time_ms,
        coalesce(
            {{ log_pair('tail', ['request_time', 'rt']) }}, nullif(log_tail['request_time'], '')
        ) as request_time,
        coalesce(response_bytes, replace(log_fields['bytes'], '-', '0')) as response_bytes,

        ---------- timestamps
        request_ts,
        log_fields['time'] as logged_time,
        {{ log_pair('tail', ['msec']) }} as logged_msec,

        ---------- metadata
        batch_id,
        _file,
        _row,
        _occurrence,
        _delivered_at,
        case
            when _malformed is not null then _malformed
            when line is not null and log_fields['status'] = '' then 'line_not_understood'
        end as _malformed,
        _raw,
        line
    from parts
),

timed as (
    select
        * exclude (response_time_ms),
        coalesce(
            {{ parsed_number('response_time_ms') }},
            -- nginx writes seconds with a decimal point, Apache's %D integer microseconds.
            round({{ parsed_number('request_time') }} * if(request_time like '%.%', 1e3, 1e-3), 3)
        ) as response_time_ms,
        {{ is_unreadable('coalesce(response_time_ms, request_time)') }} as is_unreadable_time
    from fields
),

typed as (
    select
        * exclude (request_ts),
        -- A log line is written when the request ends, but the time of a request is when it began.
        -- A delivered time that cannot be parsed is not replaced by a less exact one.
        case
            when request_ts is not null then {{ utc_timestamp('request_ts') }}
            when logged_msec is not null
                then try(epoch_ms(cast(
                    round(1e3 * {{ parsed_number('logged_msec') }} - coalesce(response_time_ms, 0))
                    as bigint
                )))
            else try(try_strptime(logged_time, '%d/%b/%Y:%H:%M:%S %z') at time zone 'UTC')
        end as request_ts,
        {{ normalised_endpoint('url_path') }} as endpoint
    from timed
),

validated as (
    select
        *,
        case
            when _malformed is not null then string_split(_malformed, ', ')
            else {{ rejection_reasons({
                'request_id_malformed': 'request_id is not null and ' ~ is_malformed_id('request_id'),
                'service_name_malformed': is_malformed_id('service_name'),
                'endpoint_missing': "coalesce(endpoint, '') = ''",
                'endpoint_too_long': 'length(endpoint) > 2048',
                'method_malformed': "not regexp_full_match(method, '[A-Za-z]{1,20}')",
                'status_code_impossible': 'status_code is null or ' ~ is_out_of_range('status_code', 100, 599)
                    ~ ' or ' ~ is_not_whole('status_code'),
                'client_region_unknown': 'client_region is not null and '
                    ~ is_unknown_member('client_region', ref('regions'), 'region'),
                'serving_region_unknown': 'serving_region is not null and '
                    ~ is_unknown_member('serving_region', ref('regions'), 'region'),
                'response_time_ms_not_a_number': 'is_unreadable_time',
                'response_time_ms_negative': 'response_time_ms < 0',
                'response_time_ms_impossible': 'response_time_ms > ' ~ var('longest_response_time_ms'),
                'response_bytes_impossible':
                    is_out_of_range('response_bytes', 0, var('largest_response_bytes')),
                'request_ts_unparseable': 'request_ts is null',
                'request_ts_implausible': is_implausible_timestamp('request_ts'),
            }) }}
        end as _rejection_reasons
    from typed
),

-- The identity of a request without an id: its values, independent of the file format.
identified as (
    select
        *,
        case
            when line is null and len(_rejection_reasons) = 0
                then cast(json_array(
                    request_ts, service_name, url_path, method,
                    {{ cast_if_valid('status_code', 'integer') }}, response_time_ms,
                    {{ cast_if_valid('response_bytes', 'bigint') }}, client_key, client_region,
                    serving_region, upstream_servers, upstream_statuses, rate_limit_status
                ) as varchar)
        end as request_content
    from validated
),

final as (
    select
        ---------- ids
        case when _malformed is null then coalesce(
            request_id, md5(coalesce(line, request_content, _raw) || '#' || _occurrence)
        ) end as request_id,
        service_name,
        client_key,

        ---------- dimensions
        endpoint,
        upper(method) as method, -- noqa: RF04
        {{ cast_if_valid('status_code', 'integer') }} as status_code,
        coalesce(client_region, 'unknown') as client_region,
        coalesce(serving_region, 'unknown') as serving_region,
        nullif(string_split_regex(upstream_servers, ', | : ')[-1], '-') as upstream_server,
        string_split_regex(upstream_servers, ', | : ') as upstream_servers,
        string_split_regex(upstream_statuses, ', | : ') as upstream_statuses,
        lower(rate_limit_status) as rate_limit_status,

        ---------- measures
        response_time_ms,
        {{ cast_if_valid('response_bytes', 'bigint') }} as response_bytes,

        ---------- timestamps
        request_ts as timestamp, -- noqa: RF04
        cast(request_ts as date) as dt,

        ---------- metadata
        batch_id,
        _file,
        _row,
        _raw,
        _rejection_reasons,
        len(_rejection_reasons) > 0 as _is_rejected
    from identified
)

select * from final
