{% macro evidence_fold(trace_id) -%}
    cast(('0x' || left(md5({{ trace_id }}), 8)) as bigint) % {{ var('evidence_folds') }}
{%- endmacro %}
