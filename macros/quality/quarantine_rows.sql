{% macro quarantine_rows(staged, kept, id, payload, partition='dt') %}
with staged as (
    select * from {{ staged }}
    where {{ new_batches(staged) }}
),

kept as (
    select * from {{ kept }}
    {% if is_refresh() and not is_rebuild() -%}
    where {{ partition }} in ({{ affected_partitions(staged, partition) }})
    {%- endif %}
),

compared as (
    select
        staged.*,
        kept.batch_id as kept_in_batch,
        case
            when kept.{{ id }} is null then '{{ id }}_known_on_another_day'
            when
                (
                    ({{ staged_columns('staged', payload) }})
                    is distinct from ({{ staged_columns('kept', payload) }})
                )
                then '{{ id }}_known_with_another_payload'
        end as conflict
    from staged
    left join kept
        on
            staged.{{ id }} = kept.{{ id }}
            and staged.{{ partition }} = kept.{{ partition }}
    where not staged._is_rejected
),

judged as (
    select
        *,
        conflict is null and (
            kept_in_batch < batch_id
            or row_number() over (
                partition by {{ id }}, conflict
                order by batch_id, _file, _row
            ) > 1
        ) as is_duplicate
    from compared
),

rejected as (
    select
        batch_id,
        _file as file,
        _row as file_row,
        'rejected' as disposition,
        _rejection_reasons as reasons,
        {{ id }} as row_id,
        _raw as raw
    from staged
    where _is_rejected
),

conflicting as (
    select
        batch_id,
        _file as file,
        _row as file_row,
        'conflict' as disposition,
        [conflict] as reasons,
        {{ id }} as row_id,
        _raw as raw
    from judged
    where conflict is not null
),

duplicated as (
    select
        batch_id,
        _file as file,
        _row as file_row,
        'duplicate' as disposition,
        ['{{ id }}_delivered_before'] as reasons,
        {{ id }} as row_id,
        null as raw
    from judged
    where is_duplicate
),

final as (
    select * from rejected
    union all
    select * from conflicting
    union all
    select * from duplicated
)

select * from final
{% endmacro %}

{% macro staged_columns(alias, columns) -%}
    {% for column in columns %}{{ alias }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}
