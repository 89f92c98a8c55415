{% macro judge_deliveries() %}
    {#- A hook before `publish`: what became of each delivery that is not published yet. The guard against
        too many quarantined rows and the summary of a build read it from the ledger. -#}
    {%- if not is_refresh() -%}{%- do return('') -%}{%- endif -%}
    {%- set landed_files, refresh_log = source('ledger', 'landed_files'), source('ledger', 'refresh_log') -%}
    {%- set deliveries = source('ledger', 'deliveries') -%}
    {%- set published = run_query(
        "select coalesce(max(batch_id), 0) from " ~ source('ledger', 'publications')
    ).rows[0][0] | int -%}
    {%- set feeds = run_query(
        "select feed, bool_or(status = 'rejected') from " ~ landed_files ~ " where batch_id > " ~ published
        ~ " group by feed order by feed"
    ).rows -%}
    {%- if not feeds -%}{%- do return('') -%}{%- endif -%}

    {%- do run_query("create or replace temporary table judged as from " ~ deliveries ~ " limit 0") -%}
    {%- for found in feeds -%}
        {%- set quarantine = graph.nodes.values() | selectattr('name', 'equalto', 'quarantine_' ~ found[0]) | first -%}
        {#- Where a model failed, the quarantine is behind landing: nothing is known yet. -#}
        {%- if quarantine and run_query(
            "select coalesce(max(batch_id) filter (model = 'quarantine_" ~ found[0] ~ "'), 0) >= max(batch_id)"
            ~ " filter (model = 'land_" ~ found[0] ~ "') from " ~ refresh_log
        ).rows[0][0] -%}
            {%- do run_query(
                "insert into judged by name " ~ deliveries_sql(found[0], quarantine, published, found[1])
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {#- A build that finds nothing new writes nothing. -#}
    {%- set known = "(from " ~ deliveries ~ " where batch_id > " ~ published ~ ")" -%}
    {%- if run_query(
        "(from judged except " ~ known ~ ") union all (" ~ known ~ " except from judged)"
    ) | length > 0 -%}
        {%- do run_query("delete from " ~ deliveries ~ " where batch_id > " ~ published) -%}
        {%- do run_query("insert into " ~ deliveries ~ " by name from judged") -%}
    {%- endif -%}
{% endmacro %}

{% macro deliveries_sql(feed, quarantine, published_refresh, has_rejected_files) %}
    {%- set kept = graph.nodes.values() | selectattr('unique_id', 'in', quarantine.depends_on.nodes)
        | rejectattr('name', 'equalto', 'stg_' ~ feed) | selectattr('resource_type', 'equalto', 'model') | first -%}
    {%- set kept_table = relation_of(kept) -%}
    {%- set quarantine_table = relation_of(quarantine) -%}
    {%- set partition = table_layout(kept.config).partitioned_by[0] -%}
    with files_now as (
        {%- if has_rejected_files %}
        select unnest(
            from_json(
                delivered_files({{ landing_path() }}, '{{ feed }}', {{ var('follow_links_out_of_landing') }}),
                '[{"file": "VARCHAR", "size_bytes": "BIGINT", "modified_at": "TIMESTAMP"}]'
            ),
            recursive := true
        )
        {%- else %}
        select
            null as file,
            null as size_bytes,
            null as modified_at
        where false
        {%- endif %}
    ),

    -- A rejected file counts until it is corrected, removed or put back as it was.
    entries as (
        select
            entries.*,
            coalesce(
                nullif(entries.rows_delivered, 0),
                ceil(avg(entries.rows_landed) filter (entries.status = 'landed') over (partition by entries.batch_id)),
                1
            ) as estimated_rows
        from {{ source('ledger', 'landed_files') }} as entries
        left join files_now
            on
                entries.file = files_now.file
                and entries.size_bytes is not distinct from files_now.size_bytes
                and entries.modified_at is not distinct from files_now.modified_at
        where
            entries.feed = '{{ feed }}'
            and entries.batch_id > {{ published_refresh }}
            and (
                entries.status = 'landed'
                or (files_now.file is not null and not regexp_matches(entries.reason, '^batch \d+ was dropped$'))
            )
    ),

    files as (
        select
            batch_id,
            count(*) filter (status = 'rejected') as rejected_files,
            coalesce(sum(rows_landed) filter (status = 'landed'), 0) as rows_delivered,
            coalesce(sum(estimated_rows) filter (status = 'rejected'), 0) as rows_rejected
        from entries
        group by batch_id
    ),

    -- A replay gave rows a batch of its own: the file says in which delivery they came.
    quarantined as (
        select
            entries.batch_id,
            quarantined.disposition,
            quarantined.reasons,
            quarantined.file,
            quarantined.file_row,
            quarantined.raw
        from {{ quarantine_table }} as quarantined
        inner join entries
            on
                quarantined.file = entries.file
                and quarantined.batch_id >= entries.batch_id
        where
            quarantined.batch_id > {{ published_refresh }}
            and entries.status = 'landed'
    ),

    outcomes as (
        select
            batch_id,
            count(*) filter (disposition = 'duplicate') as rows_duplicate,
            count(*) filter (disposition <> 'duplicate') as rows_quarantined
        from quarantined
        group by batch_id
    ),

    reasons as (
        select
            batch_id,
            reason,
            count(*) as row_count,
            min({'file': file, 'row': file_row, 'raw': raw[:2000]}) as example
        from (
            select
                * exclude (reasons),
                unnest(reasons) as reason
            from quarantined
            where disposition <> 'duplicate'
        )
        group by batch_id, reason
        union all
        select
            batch_id,
            'file rejected: ' || reason as reason,
            sum(estimated_rows) as row_count,
            min({'file': file, 'row': null, 'raw': null}) as example
        from entries
        where status = 'rejected'
        group by batch_id, reason
    ),

    top_reasons as (
        select
            batch_id,
            to_json(list(
                {
                    'reason': reason, 'rows': cast(row_count as bigint), 'file': example.file, 'row': example.row,
                    'raw': example.raw
                }
                order by row_count desc, reason
            )[:3]) as top_reasons
        from reasons
        group by batch_id
    ),

    kept_days as (
        select
            batch_id,
            {{ partition }} as kept_day,
            count(*) as row_count
        from {{ kept_table }}
        where batch_id > {{ published_refresh }}
        group by batch_id, kept_day
    ),

    newest_days as (
        select
            batch_id,
            max(kept_day) as newest_day
        from kept_days
        group by batch_id
        union all
        select
            batch_id,
            newest_day
        from {{ source('ledger', 'deliveries') }}
        where
            feed = '{{ feed }}'
            and batch_id <= {{ published_refresh }}
    ),

    known_days as (
        select
            batch_id,
            newest_day,
            max(newest_day) over (
                order by batch_id
                rows between unbounded preceding and 1 preceding
            ) as known_day
        from newest_days
    ),

    late as (
        select
            kept_days.batch_id,
            any_value(known_days.newest_day) as newest_day,
            sum(row_count) filter (kept_day < known_day) as rows_late
        from kept_days
        inner join known_days on kept_days.batch_id = known_days.batch_id
        group by kept_days.batch_id
    )

    select
        '{{ feed }}' as feed,
        files.batch_id,
        files.rejected_files,
        files.rows_delivered,
        files.rows_delivered - coalesce(rows_duplicate, 0) - coalesce(rows_quarantined, 0) as rows_kept,
        coalesce(rows_late, 0) as rows_late,
        newest_day,
        coalesce(rows_duplicate, 0) as rows_duplicate,
        coalesce(rows_quarantined, 0) as rows_quarantined,
        files.rows_rejected,
        coalesce(
            (coalesce(rows_quarantined, 0) + files.rows_rejected) / nullif(files.rows_delivered + files.rows_rejected, 0),
            0
        ) as quarantined_share,
        coalesce(cast(top_reasons as varchar), '[]') as top_reasons
    from files
    left join outcomes on files.batch_id = outcomes.batch_id
    left join top_reasons on files.batch_id = top_reasons.batch_id
    left join late on files.batch_id = late.batch_id
{% endmacro %}
