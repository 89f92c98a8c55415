with landed as (
    select
        {{ delivered_fields([
            'service_name', 'instance', 'minute_ts', 'cpu_percent', 'memory_percent', 'disk_percent',
            'network_bytes', 'is_ready'
        ]) }}
    from {{ landed_rows(ref('land_resource_metrics')) }}
),

typed as (
    select
        ---------- ids
        service_name,
        instance,

        ---------- dimensions
        coalesce({{ parsed_boolean('is_ready') }}, is_ready is null) as is_ready,

        ---------- measures
        try_cast(cpu_percent as double) as cpu_percent,
        try_cast(memory_percent as double) as memory_percent,
        try_cast(disk_percent as double) as disk_percent,
        try_cast(network_bytes as double) as network_bytes,

        ---------- timestamps
        date_trunc('minute', {{ utc_timestamp('minute_ts') }}) as minute_ts,

        ---------- metadata
        {{ is_unreadable('cpu_percent') }} as cpu_percent_unreadable,
        {{ is_unreadable('memory_percent') }} as memory_percent_unreadable,
        {{ is_unreadable('disk_percent') }} as disk_percent_unreadable,
        {{ is_unreadable('network_bytes') }} as network_bytes_unreadable,
        is_ready is not null and {{ parsed_boolean('is_ready') }} is null as is_ready_unreadable,
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
                'instance_malformed': is_malformed_id('instance'),
                'minute_ts_unparseable': 'minute_ts is null',
                'minute_ts_implausible': is_implausible_timestamp('minute_ts'),
                'cpu_percent_not_a_number': 'cpu_percent_unreadable',
                'cpu_percent_impossible': 'cpu_percent not between 0 and ' ~ var('highest_usage_percent'),
                'memory_percent_not_a_number': 'memory_percent_unreadable',
                'memory_percent_impossible':
                    'memory_percent not between 0 and ' ~ var('highest_usage_percent'),
                'disk_percent_not_a_number': 'disk_percent_unreadable',
                'disk_percent_impossible': 'disk_percent not between 0 and 100',
                'network_bytes_not_a_number': 'network_bytes_unreadable',
                'network_bytes_impossible':
                    'network_bytes not between 0 and ' ~ var('highest_network_bytes_per_minute'),
                'is_ready_not_a_boolean': 'is_ready_unreadable',
            }) }}
        end as _rejection_reasons
    from typed
),

final as (
    select
        ---------- ids
        service_name || '/' || instance || '@' || strftime(minute_ts, '%Y-%m-%dT%H:%M')
            as sample_id,
        service_name,
        instance,

        ---------- dimensions
        is_ready,

        ---------- measures
        cpu_percent,
        memory_percent,
        disk_percent,
        {{ cast_if_valid('network_bytes', 'bigint') }} as network_bytes,

        ---------- timestamps
        minute_ts,
        cast(minute_ts as date) as dt,

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
