-- Timestamps are delta encoded, columns named in a layout have the encoding set there, and every
-- chunk has the compression of the project. A time column with few distinct values (one per file,
-- or one per five minutes) may have a dictionary, which is smaller.
{{ config(tags=['full_check', 'after_compaction', 'layout']) }}

with chunks as (
    select * from {{ ref('lakehouse_column_chunks') }}
    where row_count >= {{ var('judged_row_group_rows') }}
),

expected as (
    {{ expected_encodings() }}
),

compared as (
    select
        chunks.table_name,
        chunks.partition_name,
        chunks.row_group_id,
        chunks.column_name,
        chunks.row_count,
        chunks.page_encoding,
        chunks.compression,
        coalesce(of_column.encoding, of_type.encoding) as expected_encoding,
        expected_encoding = 'DELTA_BINARY_PACKED'
        and coalesce(chunks.distinct_count * 5 <= chunks.row_count, false) as may_have_dictionary
    from chunks
    left join expected as of_column
        on
            chunks.table_name = of_column.table_name
            and chunks.column_name = of_column.name
    left join expected as of_type
        on
            of_type.table_name is null
            and chunks.column_type = of_type.name
)

select * from compared
where
    compression <> upper('{{ var("layout").parquet_compression }}')
    or (
        page_encoding <> expected_encoding
        and not (may_have_dictionary and page_encoding = 'RLE_DICTIONARY')
    )
