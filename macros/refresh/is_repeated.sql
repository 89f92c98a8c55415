{% macro is_repeated(id, upstream) -%}
    {{ new_batches(upstream) }}
    and hash({{ id }}) in (
        select hash({{ id }})
        from {{ upstream }}
        where {{ new_batches(upstream) }}
        group by hash({{ id }})
        having count(*) > 1
    )
{%- endmacro %}
