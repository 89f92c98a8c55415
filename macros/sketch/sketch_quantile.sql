{% macro sketch_quantile(buckets, counts, quantile) -%}
    {#- The first bucket at which the counts, added up from below, reach the rank that quantile_disc
        takes. -#}
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
    {#- The one point of a bucket that is nowhere further than the error from any value in it. -#}
    exp({{ bucket }} * {{ sketch_log_gamma() }}) * {{ 1 - var('sketch_relative_error') }}
{%- endmacro %}
