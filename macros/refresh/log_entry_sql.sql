{% macro log_entry_sql(mode, first_batch_id, outcome, started=none, checksum=none, fingerprint=none) %}
    {%- set now = modules.datetime.datetime.utcnow() -%}
    insert into {{ source('ledger', 'refresh_log') }} by name
    select
        {{ current_batch_id() }} as batch_id,
        '{{ model.name }}' as model,
        '{{ mode }}' as mode,
        {{ first_batch_id }} as first_batch_id,
        {{ outcome.written }} as rows_written,
        {{ outcome.deleted | default(0) }} as rows_deleted,
        {{ outcome.partitions }} as partitions_affected,
        {{ (now - (started or now)).total_seconds() }} as seconds,
        cast('{{ started or now }}' as timestamp) as started_at,
        {{ "'" ~ checksum ~ "'" if checksum else 'null' }} as seed_checksum,
        {{ "'" ~ fingerprint ~ "'" if fingerprint else 'null' }} as logic_fingerprint,
        '{{ invocation_id }}' as invocation_id
    {#- What was read of the log is not all of it from here on. -#}
    {%- do graph.pop('logged_models', none) -%}
    {%- do graph.pop('pending_batches', none) -%}
{% endmacro %}
