{% macro z_order(ranks, dimensions, bits=8) -%}
    {#- Morton's curve: bit 0 of each rank, then bit 1 of each, and so on. Rows that are near to each
        other in every dimension come near to each other in this order. -#}
    list_sum(list_transform(
        range({{ dimensions * bits }}),
        lambda place:
            ((({{ ranks }})[place % {{ dimensions }} + 1] >> (place // {{ dimensions }})) & 1) << place
    ))
{%- endmacro %}
