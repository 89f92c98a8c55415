-- Landing of API requests: every delivered row once, as text, exactly as delivered.
{% set columns = api_request_columns() -%}

with delivered as (
    {{ delivered_rows(
        required_columns=columns[:4],
        optional_columns=columns[4:],
    ) }}
),

final as (
    select
        *,
        -- Two equal lines of one file are two requests, and the same two if the file is delivered
        -- again.
        row_number() over (
            partition by _file, {{ columns | join(', ') }}
            order by _row
        ) as _occurrence
    from delivered
)

select * from final
