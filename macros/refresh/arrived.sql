{% macro arrived(upstream) -%}
    {%- if not is_refresh() or is_rebuild() -%}
    true
    {%- else -%}
    {%- set first_batch = first_pending_batch(upstream.identifier) -%}
    {%- if first_batch is none -%}false{%- else -%}batch >= {{ first_batch }}{%- endif -%}
    {%- endif -%}
{%- endmacro %}
