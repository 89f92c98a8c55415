{% macro sketch_quantile(buckets, counts, quantile) -%}
    {#- The bucket in which the counts, added up from below, reach the rank that quantile_disc takes. -#}
    {%- set found -%}
    list_reduce(
        list_zip({{ buckets }}, cast({{ counts }} as bigint[])),
        lambda below, next:
            case
                when below[2] >= greatest(1, ceil(list_sum({{ counts }}) * {{ quantile }})) then below
                else row(next[1], below[2] + next[2])
            end,
        row(cast(null as smallint), cast(0 as bigint))
    )[1]
    {%- endset -%}
    {{ sketch_value(found) }}
{%- endmacro %}
