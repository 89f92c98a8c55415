{% macro publish(results) %}
    {#- Readers keep the last state that was whole and tested, until the next one is. -#}
    {%- if not is_refresh() -%}{%- do return('') -%}{%- endif -%}
    {%- set found = run_query(
        "select coalesce((select max(batch_id) from " ~ source('ledger', 'refresh_log') ~ "), 0), "
        ~ "coalesce((select max(batch_id) from " ~ source('ledger', 'publications') ~ "), 0)"
    ).rows[0] -%}
    {%- set newest, published = found[0] | int, found[1] | int -%}
    {%- if newest == published -%}{%- do return('') -%}{%- endif -%}

    {%- set unfinished = unfinished_steps(results) -%}
    {%- set is_judged = not unfinished and not is_accepted() -%}
    {%- set losses = lost_rows(published) if is_judged else [] -%}
    {%- set quarantined = quarantined_deliveries(published) if is_judged else [] -%}
    {%- set refusals = losses + quarantined | map(attribute='sentence') | list + (schema_drift(published) if is_judged else []) -%}
    {%- if unfinished or refusals -%}
        {%- do return(report_unpublished(unfinished or refusals | join("; "), newest, published, refusals | length > 0, quarantined)) -%}
    {%- endif -%}

    {#- The copy comes first: killed in between, the next build copies again. -#}
    {%- do run_query("select publish_catalog()") -%}
    insert into {{ source('ledger', 'published_tables') }} by name
    select
        {{ newest }} as batch_id,
        *
    from (
        {{ partitioned_table_rows() }}
    );
    insert into {{ source('ledger', 'publications') }} by name
    select
        {{ newest }} as batch_id,
        '{{ invocation_id }}' as invocation_id,
        cast('{{ modules.datetime.datetime.utcnow() }}' as timestamp) as published_at
{% endmacro %}

{% macro unfinished_steps(results) %}
    {%- set failed, names = [], [] -%}
    {#- A check tagged `layout` judges how rows are stored: it never keeps them from readers. -#}
    {%- for result in results
        if result.status not in ['success', 'pass', 'warn', 'no-op'] and 'layout' not in result.node.tags -%}
        {%- do failed.append(result) -%}
        {%- if result.status != 'skipped' -%}{%- do names.append(result.node.name) -%}{%- endif -%}
    {%- endfor -%}
    {%- set left_out = skipped_steps(results) -%}
    {%- if failed -%}
        {%- set more = names | length - 5 -%}
        {%- do return(
            failed | length ~ " of " ~ results | length ~ " steps did not succeed"
            ~ (": " ~ names[:5] | join(", ") if names else "") ~ (" and " ~ more ~ " more" if more > 0 else "")
        ) -%}
    {%- elif left_out -%}
        {%- do return(left_out | length ~ " steps were left out; run the whole `" ~ command_line("build") ~ "`"
            ~ " (left out: " ~ left_out[:3] | join(", ") ~ (", ..." if left_out | length > 3 else "") ~ ")") -%}
    {%- endif -%}
    {%- do return("") -%}
{% endmacro %}

{% macro skipped_steps(results) %}
    {#- Models, seeds and data tests of a whole build that this invocation did not run and that could have
        had something to do. Alerts judge the services and not the data: they are no part of it; nor are
        tests of a model that was taken out of the project. -#}
    {%- set ran = results | map(attribute='node.unique_id') | list -%}
    {%- set written = written_since_publication() -%}
    {%- set known = graph.nodes.values() | map(attribute='name') | list -%}
    {%- set left_out = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type in ['model', 'seed', 'test']
        and 'full_check' not in node.tags and 'alert' not in node.tags
        and node.unique_id not in ran
        and (node.resource_type != 'test' or reads_only(node, known))
        and (written is none or reads_any(node, written)) -%}
        {%- do left_out.append(node.unique_id) -%}
    {%- endfor -%}
    {%- do return(left_out) -%}
{% endmacro %}

{% macro reads_only(test, names) %}
    {#- Whether all that a test refers to is there: dbt leaves out a test of what was taken out. -#}
    {%- set is_attached = not test.attached_node or test.attached_node in graph.nodes -%}
    {%- do return(is_attached and test.refs | map(attribute='name') | reject('in', names) | list == []) -%}
{% endmacro %}

{% macro written_since_publication() %}
    {#- Names of what refreshes wrote since readers got their state; none if they have none yet. -#}
    {%- set published = run_query("select max(batch_id) from " ~ source('ledger', 'publications')).rows[0][0] -%}
    {%- if published is none -%}{%- do return(none) -%}{%- endif -%}
    {%- do return(run_query(
        "select distinct model from " ~ source('ledger', 'refresh_log') ~ " where batch_id > " ~ published
    ).columns[0].values() | list) -%}
{% endmacro %}

{% macro reads_any(node, names) %}
    {#- Whether a node is one of these or reads one, itself or through views. -#}
    {%- if node.name in names -%}{%- do return(true) -%}{%- endif -%}
    {%- for parent in node.depends_on.nodes if parent in graph.nodes -%}
        {%- set upstream = graph.nodes[parent] -%}
        {%- if upstream.name in names
            or (upstream.config.materialized not in ['incremental', 'seed'] and reads_any(upstream, names)) -%}
            {%- do return(true) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(false) -%}
{% endmacro %}

{% macro lost_rows(published_refresh) %}
    {#- One sentence per table that lost rows which readers have; an empty list if none did. -#}
    {%- set baseline = {} -%}
    {%- for row in run_query(
        "select table_schema, table_name, row_count from " ~ source('ledger', 'published_tables')
        ~ " where batch_id = " ~ published_refresh
    ) -%}
        {%- do baseline.update({(row[0], row[1]): row[2] | int}) -%}
    {%- endfor -%}
    {%- set now = {} -%}
    {%- for row in run_query(partitioned_table_rows()) -%}
        {%- do now.update({(row[0], row[1]): row[2] | int}) -%}
    {%- endfor -%}
    {%- set rebuilt = run_query(
        "select distinct model from " ~ source('ledger', 'refresh_log')
        ~ " where first_batch_id = 0 and mode = 'rebuild' and batch_id > " ~ published_refresh
    ).columns[0].values() -%}
    {%- set sentences = [] -%}
    {%- for node in graph.nodes.values() | sort(attribute='name')
        if node.resource_type == 'model' and (node.schema, node.name) in baseline and (node.schema, node.name) in now -%}
        {%- set before, after = baseline[(node.schema, node.name)], now[(node.schema, node.name)] -%}
        {%- set is_fact = node.config.incremental_strategy == 'append' -%}
        {%- set dropped = published_rows_dropped(node, published_refresh) if is_fact and node.name in rebuilt else 0 -%}
        {%- if dropped > 0 -%}
            {%- do sentences.append(
                node.name ~ " was built anew without " ~ dropped ~ " of the " ~ before ~ " rows that readers have"
            ) -%}
        {%- elif before - after > var('lost_rows_share') * before -%}
            {%- do sentences.append(
                node.name ~ " has " ~ after ~ " rows where readers have " ~ before ~ ", a loss of more than "
                ~ (100 * var('lost_rows_share')) | round(1) ~ " percent (lost_rows_share)"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(sentences) -%}
{% endmacro %}

{% macro partitioned_table_rows() %}
    {#- Rows of every table of the marts whose rows belong to a day, counted by the catalog: no data file is opened. -#}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and 'marts' in node.fqn and table_layout(node.config).partitioned_by -%}
        {%- do names.append("('" ~ node.schema ~ "', '" ~ node.name ~ "')") -%}
    {%- endfor -%}
    with deletions as (
        select
            data_file_id,
            sum(delete_count) as deleted_rows
        from {{ source('ducklake', 'ducklake_delete_file') }}
        where end_snapshot is null
        group by data_file_id
    )

    select
        schemas.schema_name as table_schema,
        tables.table_name,
        coalesce(sum(data_files.record_count - coalesce(deletions.deleted_rows, 0)), 0) as row_count
    from {{ source('ducklake', 'ducklake_table') }} as tables
    inner join {{ source('ducklake', 'ducklake_schema') }} as schemas
        on tables.schema_id = schemas.schema_id
    left join {{ source('ducklake', 'ducklake_data_file') }} as data_files
        on tables.table_id = data_files.table_id and data_files.end_snapshot is null
    left join deletions
        on data_files.data_file_id = deletions.data_file_id
    where
        tables.end_snapshot is null
        and schemas.end_snapshot is null
        and (schemas.schema_name, tables.table_name) in ({{ names | join(', ') or "('', '')" }})
    group by schemas.schema_name, tables.table_name
{% endmacro %}

{% macro published_rows_dropped(node, published_refresh) %}
    {#- Rows of the published state whose id the table no longer holds. The id is a fact's first column. -#}
    {%- set relation = relation_of(node) -%}
    {%- set snapshots = source('ducklake', 'ducklake_snapshot') -%}
    {%- set version = run_query(
        "select coalesce(max(snapshots.snapshot_id) filter (snapshots.snapshot_time <= published.published_at), min(snapshots.snapshot_id))"
        ~ " from " ~ snapshots ~ " as snapshots cross join (select published_at at time zone 'UTC' as published_at from "
        ~ source('ledger', 'publications') ~ " where batch_id = " ~ published_refresh ~ ") as published"
    ).rows[0][0] -%}
    {%- set id = (node.columns.keys() | list)[0] -%}
    {%- do return(run_query(
        "select count(*) from (from " ~ relation ~ " at (version => " ~ version ~ ")) as published where not exists"
        ~ " (select 1 from " ~ relation ~ " as kept where kept." ~ id ~ " = published." ~ id ~ ")"
    ).rows[0][0] | int) -%}
{% endmacro %}

{% macro report_unpublished(reason, newest_refresh, published_refresh, is_refused, quarantined) %}
    {#- Says why, what readers see and what to do, and keeps the reason for the summary and for readers. -#}
    {%- set seen = run_query(
        "select strftime(published_at, '%Y-%m-%d %H:%M'), round(date_diff('minute', published_at, cast('"
        ~ modules.datetime.datetime.utcnow() ~ "' as timestamp)) / 60, 1) from " ~ source('ledger', 'publications')
        ~ " where batch_id = " ~ published_refresh
    ).rows -%}
    {%- set is_left_out = 'steps were left out' in reason -%}
    {%- set lines = ["Not published: refresh " ~ newest_refresh ~ ": " ~ reason ~ "."] -%}
    {%- for delivery in quarantined -%}{%- do lines.extend(delivery.details) -%}{%- endfor -%}
    {%- do lines.append(
        "Readers keep the state of refresh " ~ published_refresh ~ ", published at " ~ seen[0][0] ~ " UTC, "
        ~ seen[0][1] ~ " hours ago." if seen | length > 0 else "Readers have no state yet."
    ) -%}
    {%- if not is_left_out -%}
        {%- for way in ways_forward(newest_refresh, published_refresh, quarantined) -%}
            {%- do lines.append(("What to do: " if loop.first else "        or: ") ~ way) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do log(lines | join("\n"), info=true) -%}
    {%- set note -%}
    insert into {{ source('ledger', 'unpublished_builds') }} by name
    select
        {{ newest_refresh }} as batch_id,
        '{{ invocation_id }}' as invocation_id,
        {{ dbt.string_literal(dbt.escape_single_quotes(lines | join("\n"))) }} as message,
        cast('{{ modules.datetime.datetime.utcnow() }}' as timestamp) as ended_at
    -- A build that wrote nothing leaves nothing either.
    where exists (
        select 1
        from {{ source('ledger', 'refresh_log') }}
        where invocation_id = '{{ invocation_id }}'
    )
    {%- endset -%}
    {%- do run_query(note) -%}
    {#- All steps passed and yet nothing is published: only this makes the command fail. -#}
    {%- if is_refused -%}
    select error({{ dbt.string_literal(dbt.escape_single_quotes(lines[0])) }})
    {%- endif -%}
{% endmacro %}

{% macro ways_forward(newest_refresh, published_refresh, quarantined) %}
    {#- What a person can do about a state that is not published, one line each. -#}
    {%- set unpublished = run_query(
        "select distinct batch_id from " ~ source('ledger', 'landed_files') ~ " where status = 'landed' and batch_id > "
        ~ published_refresh ~ " order by batch_id desc limit 3"
    ).columns[0].values() -%}
    {%- set feeds = quarantined | map(attribute='feed') | unique | list -%}
    {%- set lines = [] -%}
    {%- for feed in feeds -%}
        {%- do lines.append("see the rows: `" ~ command_line("query") ~ " --unpublished \"from quarantine.quarantine_" ~ feed ~ "\"`") -%}
        {%- set delivery = quarantined | selectattr('feed', 'equalto', feed) | first -%}
        {%- if delivery.is_file_at_fault -%}
            {%- do lines.append(
                "correct, restore or remove the rejected files that are named above, then `" ~ command_line("build") ~ "`"
            ) -%}
        {%- elif delivery.file -%}
            {%- do lines.append(
                "if the files have other names, units or spellings, write a mapping: `reelhouse inspect '" ~ var('landing_path')
                ~ "/" ~ delivery.file ~ "' --landing '" ~ var('landing_path') ~ "'`, then `" ~ command_line("build") ~ "`"
            ) -%}
        {%- endif -%}
        {%- do lines.append(
            "correct a list, rule or variable of this project, and judge the quarantined rows again: `"
            ~ command_line("replay " ~ feed) ~ "`"
        ) -%}
    {%- endfor -%}
    {%- if not feeds -%}
        {%- do lines.append("correct the cause that is named above, and build again: `" ~ command_line("build") ~ "`") -%}
    {%- endif -%}
    {%- for batch_id in unpublished -%}
        {%- do lines.append(
            "take back what was delivered in batch " ~ batch_id | int ~ ": `"
            ~ command_line("run-operation drop_batch --args '{batch_id: " ~ batch_id | int ~ "}'") ~ "`, then `"
            ~ command_line("build") ~ "`"
        ) -%}
    {%- endfor -%}
    {#- A test that fails skips the models behind it: the build that accepts runs them. -#}
    {%- do lines.append(
        "accept this state, once, with its failed tests, lost rows and quarantined rows: `" ~ command_line("build")
        ~ " --vars '{accept_refresh: " ~ newest_refresh ~ "}'`"
    ) -%}
    {%- do return(lines) -%}
{% endmacro %}
