{% macro quarantine_rows(staged, kept, id, payload, partition='dt') %}
{%- set staged = judged_rows(staged) -%}
{%- set affected = affected_partitions(staged, partition) if is_refresh() and not is_rebuild() -%}
-- Read twice, and too many rows to keep: only those of few ids are looked at whole.
with staged as not materialized (
    select * from {{ staged }}
    where {{ new_batches(staged) }}
),

{% if affected -%}
loaded_before as (
    select hash({{ id }}) as id_hash
    from {{ kept }}
    where
        {{ partition }} in ({{ affected }})
        and not {{ new_batches(staged) }}
),

{% endif -%}
-- Every other row is the only one of its id, and the fact keeps it.
delivered_again as (
    select * from staged
    where
        not _is_rejected
        and (
            {{ is_repeated(id, staged) }}
            {% if affected -%}
            or hash({{ id }}) in (select id_hash from loaded_before)
            {%- endif %}
        )
),

kept as (
    select * from {{ kept }}
    where
        hash({{ id }}) in (select hash({{ id }}) from delivered_again)
        {% if affected -%}
        and {{ partition }} in ({{ affected }})
        {%- endif %}
),

compared as (
    select
        delivered_again.*,
        kept.batch_id as kept_in_batch,
        case
            when kept.{{ id }} is null then '{{ id }}_known_on_another_day'
            when
                (
                    ({{ staged_columns('delivered_again', payload) }})
                    is distinct from ({{ staged_columns('kept', payload) }})
                )
                then '{{ id }}_known_with_another_payload'
        end as conflict
    from delivered_again
    left join kept
        on
            delivered_again.{{ id }} = kept.{{ id }}
            and delivered_again.{{ partition }} = kept.{{ partition }}
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
        coalesce(_raw, cast(to_json({ {%- for column in [id] + payload %}'{{ column }}': {{ column }}{{ ', ' if not loop.last }}{% endfor -%} }) as varchar)) as raw
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
