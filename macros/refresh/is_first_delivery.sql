{% macro is_first_delivery(rows, id, upstream) -%}
    {%- set judged = judged_rows(upstream) -%}
    {#- Few ids come twice, so only their rows are ranked: one count of hashes instead of a sort of all rows. -#}
    not exists (
        select 1
        from (
            select
                batch_id,
                _file,
                _row
            from {{ judged }}
            where
                not _is_rejected
                and {{ is_repeated(id, judged) }}
            qualify row_number() over (
                partition by {{ id }}
                order by batch_id, _file, _row
            ) > 1
        ) as later_deliveries
        where
            later_deliveries.batch_id = {{ rows }}.batch_id
            and later_deliveries._file = {{ rows }}._file
            and later_deliveries._row = {{ rows }}._row
    )
{%- endmacro %}
