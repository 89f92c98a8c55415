{% macro create_ledgers() %}
    {%- set ledger = api.Relation.create(database=target.database, schema='ledger') -%}
    create schema if not exists {{ ledger.without_identifier() }};
    create table if not exists {{ source('ledger', 'landed_files') }} (
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
    create table if not exists {{ source('ledger', 'refresh_log') }} (
        refresh_id bigint,
        model varchar,
        mode varchar,
        first_batch bigint,
        rows_written bigint,
        rows_deleted bigint,
        partitions_touched bigint,
        seconds double,
        started_at timestamp,
        seed_checksum varchar,
        invocation_id varchar
    );
    create table if not exists {{ source('ledger', 'publications') }} (
        refresh_id bigint,
        invocation_id varchar,
        published_at timestamp
    );
    create table if not exists {{ source('ledger', 'published_tables') }} (
        refresh_id bigint,
        table_schema varchar,
        table_name varchar,
        row_count bigint
    );
    create table if not exists {{ source('ledger', 'unpublished_builds') }} (
        refresh_id bigint,
        invocation_id varchar,
        message varchar,
        ended_at timestamp
    );
{% endmacro %}
