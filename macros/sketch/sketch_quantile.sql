{% macro sketch_quantile(buckets, counts, quantile) -%}
    {#- The first bucket at which the cumulative counts reach the rank of quantile_disc. -#}
    {%- set found -%}
    {{ buckets }}[1 + len(list_filter(
        list_transform(
            range(1, len({{ counts }}) + 1), lambda position: list_sum({{ counts }}[:position])
        ),
        lambda reached: reached < greatest(1, ceil(list_sum({{ counts }}) * {{ quantile }}))
    ))]
    {%- endset -%}
    {{ sketch_value(found) }}
{%- endmacro %}

{% macro sketch_value(bucket) -%}
    {#- The point of a bucket whose relative error to any value in it is within the limit. -#}
    exp({{ bucket }} * {{ sketch_log_gamma() }}) * {{ 1 - var('sketch_relative_error') }}
{%- endmacro %}
