-- The limit: what an engineer would write by hand for the same rows. No ledger, no reasons, no tests.
create table fact_watch_events (
    event_id varchar, profile_id varchar, session_id varchar, title_id varchar, region varchar, device_type varchar,
    watch_seconds integer, event_ts timestamp, dt date
);
alter table fact_watch_events set partitioned by (dt);

create temporary view delivered as
select
    *,
    coalesce(
        regexp_full_match(event_id, '[A-Za-z0-9_.:-]{1,64}')
        and regexp_full_match(profile_id, '[A-Za-z0-9_.:-]{1,64}')
        and regexp_full_match(session_id, '[A-Za-z0-9_.:-]{1,64}')
        and regexp_full_match(title_id, '[A-Za-z0-9_.:-]{1,64}')
        and region in (select region from read_csv(getvariable('regions')))
        and device_type in (select device_type from read_csv(getvariable('device_types')))
        and isfinite(watch_seconds) and watch_seconds between 0 and 14400
        and event_ts between timestamp '1990-01-01' and timestamp '2026-12-31',
        false
    ) as is_valid
from read_parquet(getvariable('files'), filename = true, file_row_number = true, hive_partitioning = false);

create temporary table repeated as
select event_id from delivered where is_valid group by event_id having count(*) > 1;

create temporary table later_deliveries as
select filename, file_row_number from delivered
where is_valid and event_id in (from repeated)
qualify row_number() over (partition by event_id order by filename, file_row_number) > 1;

insert into fact_watch_events
select
    event_id, profile_id, session_id, title_id, region, device_type, cast(watch_seconds as integer), event_ts,
    cast(event_ts as date) as dt
from delivered
where is_valid and (filename, file_row_number) not in (from later_deliveries)
order by dt, profile_id, region, event_ts;

create table quarantine_watch_events as
select filename, file_row_number, event_id from delivered
where not is_valid or (filename, file_row_number) in (from later_deliveries);

create table daily_user_metrics as
select
    profile_id, dt as activity_date, count(distinct session_id) as sessions,
    cast(sum(watch_seconds) as bigint) as total_watch_time, count(distinct title_id) as unique_titles
from fact_watch_events
group by all;

create table daily_title_metrics as
select
    title_id, region, dt as activity_date, count(*) as watch_events, count(distinct profile_id) as viewers,
    count(distinct session_id) as sessions, cast(sum(watch_seconds) as bigint) as total_watch_time
from fact_watch_events
group by all;
