{% macro merged_sketches(sketches, keys) -%}
    {#- One sketch per key: the counts of equal buckets are added, without loss. -#}
    select
        {{ keys | join(', ') }},
        list(bucket order by bucket) as sketch_buckets,
        list(requests order by bucket) as sketch_counts
    from (
        select
            {{ keys | join(', ') }},
            bucket,
            cast(sum(requests) as bigint) as requests
        from (
            select
                {{ keys | join(', ') }},
                unnest(sketch_buckets) as bucket,
                unnest(sketch_counts) as requests
            from {{ sketches }}
        ) as single_buckets
        group by {{ keys | join(', ') }}, bucket
    ) as merged_buckets
    group by {{ keys | join(', ') }}
{%- endmacro %}
