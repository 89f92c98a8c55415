{% macro create_ledgers() %}
    {#- Plain names: with `--empty`, dbt replaces a source by a subquery. -#}
    {%- set ledger = api.Relation.create(database=target.database, schema='ledger') -%}
    create schema if not exists {{ ledger.without_identifier() }};
    create table if not exists {{ source('ledger', 'landed_files').render() }} (
        feed varchar,
        file varchar,
        landing_path varchar,
        size_bytes bigint,
        modified_at timestamp,
        sha256 varchar,
        format varchar,
        columns varchar[],
        status varchar,
        reason varchar,
        rows_delivered bigint,
        rows_landed bigint,
        batch_id bigint,
        landed_at timestamp
    );
    create table if not exists {{ source('ledger', 'refresh_log').render() }} (
        batch_id bigint,
        model varchar,
        mode varchar,
        first_batch_id bigint,
        rows_written bigint,
        rows_deleted bigint,
        partitions_affected bigint,
        seconds double,
        started_at timestamp,
        seed_checksum varchar,
        invocation_id varchar,
        logic_fingerprint varchar
    );
    -- For lakes that are older than fingerprints.
    alter table {{ source('ledger', 'refresh_log').render() }} add column if not exists logic_fingerprint varchar;
    create table if not exists {{ source('ledger', 'logic_changes').render() }} (
        model varchar,
        logic_fingerprint varchar,
        invocation_id varchar,
        noted_at timestamp,
        feeds varchar[]
    );
    -- A lake that is older than mappings are.
    alter table {{ source('ledger', 'logic_changes').render() }} add column if not exists feeds varchar[];
    create table if not exists {{ source('ledger', 'mapping_changes').render() }} (
        feed varchar,
        mapping varchar,
        files varchar[],
        fingerprint varchar,
        batch_id bigint,
        noted_at timestamp
    );
    create table if not exists {{ source('ledger', 'publications').render() }} (
        batch_id bigint,
        invocation_id varchar,
        published_at timestamp
    );
    create table if not exists {{ source('ledger', 'published_tables').render() }} (
        batch_id bigint,
        table_schema varchar,
        table_name varchar,
        row_count bigint
    );
    create table if not exists {{ source('ledger', 'deliveries').render() }} (
        feed varchar,
        batch_id bigint,
        rejected_files bigint,
        rows_delivered bigint,
        rows_kept bigint,
        rows_late bigint,
        newest_day date,
        rows_duplicate bigint,
        rows_quarantined bigint,
        rows_rejected bigint,
        quarantined_share double,
        top_reasons varchar
    );
    create table if not exists {{ source('ledger', 'replays').render() }} (
        feed varchar,
        file varchar,
        from_batch_id bigint,
        batch_id bigint,
        row_count bigint,
        replayed_at timestamp
    );
    create table if not exists {{ source('ledger', 'column_profiles').render() }} (
        feed varchar,
        mapping varchar,
        batch_id bigint,
        column_name varchar,
        has_optional_keys boolean,
        files varchar,
        rows_sampled bigint,
        rows_filled bigint,
        column_type varchar,
        typical_size double,
        members varchar
    );
    create table if not exists {{ source('ledger', 'schema_changes').render() }} (
        feed varchar,
        mapping varchar,
        batch_id bigint,
        column_name varchar,
        change varchar,
        value_before varchar,
        value_after varchar,
        files varchar,
        message varchar
    );
    create table if not exists {{ source('ledger', 'unpublished_builds').render() }} (
        batch_id bigint,
        invocation_id varchar,
        message varchar,
        ended_at timestamp
    );
{% endmacro %}
