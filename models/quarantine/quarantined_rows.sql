{{ config(materialized='view') }}

-- The quarantine of every feed in one view.
with quarantined as (
    {% for feed in var('feeds') -%}
        select
            '{{ feed }}' as feed,
            batch_id,
            file,
            file_row,
            disposition,
            reasons,
            row_id,
            raw
        from {{ ref('quarantine_' ~ feed) }}
        {{- '\n        union all' if not loop.last }}
    {% endfor %}
),

final as (
    select * from quarantined
)

select * from final
