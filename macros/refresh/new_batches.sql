{% macro new_batches(upstream) -%}
    {%- if not is_refresh() or is_rebuild() -%}
    true
    {%- else -%}
    {%- set first_batch_id = first_pending_batch(upstream.identifier) -%}
    {%- if first_batch_id is none -%}false{%- else -%}batch_id >= {{ first_batch_id }}{%- endif -%}
    {%- endif -%}
{%- endmacro %}
