{% macro quarantined_deliveries(published_refresh) %}
    {#- Deliveries after the published state of which more is quarantined than `quarantined_share` permits. -#}
    {%- set refused = [] -%}
    {%- for found in run_query(
        "select feed, batch_id, cast(rows_quarantined + rows_rejected as bigint), cast(rows_delivered + rows_rejected as bigint),"
        ~ " quarantined_share, rejected_files, top_reasons from " ~ source('ledger', 'deliveries')
        ~ " where batch_id > " ~ published_refresh ~ " order by feed, batch_id"
    ) if found[4] > quarantined_share_limit(found[0]) -%}
        {%- set lines = [] -%}
        {%- set top_reason = fromjson(found[6]) | first or {} -%}
        {%- for reason in fromjson(found[6]) -%}
            {%- set hint = reason_hint(found[0], reason) -%}
            {%- do lines.append(
                "  " ~ ("{:,}".format(reason.rows) ~ " rows " if reason.row else reason.file ~ ": ") ~ reason.reason
                ~ (", such as " ~ reason.file ~ " row " ~ reason.row if reason.row else "")
                ~ (": " ~ hint if hint else "")
            ) -%}
        {%- endfor -%}
        {#- No mapping helps a file that is damaged or has changed. -#}
        {%- set is_file_at_fault = top_reason.get('reason', '').startswith('file rejected: ') and 'columns' not in top_reason.reason -%}
        {%- do refused.append({
            "feed": found[0],
            "batch_id": found[1] | int,
            "file": top_reason.get('file'),
            "is_file_at_fault": is_file_at_fault,
            "sentence": "{:,}".format(found[2] | int) ~ " of " ~ "{:,}".format(found[3] | int) ~ " rows of " ~ found[0] ~ " in batch "
                ~ found[1] | int ~ " are quarantined" ~ (" or in " ~ found[5] ~ " rejected files" if found[5] else "") ~ " ("
                ~ (100 * found[4]) | round(1) ~ " percent, more than the " ~ (100 * quarantined_share_limit(found[0])) | round(1)
                ~ " of quarantined_share)",
            "details": lines,
        }) -%}
    {%- endfor -%}
    {%- do return(refused) -%}
{% endmacro %}

{% macro quarantined_share_limit(feed) -%}
    {%- set limits = var('quarantined_share') -%}
    {%- do return((limits if limits is number else limits.get(feed, limits.get('default', 0.05))) | float) -%}
{%- endmacro %}

{% macro reason_hint(feed, reason) %}
    {#- The offending value of the example, and what would be right: enough to know what to do. -#}
    {%- set column = modules.re.sub(
        '_(unknown|unparseable|implausible|malformed|missing|negative|impossible|too_long|not_\\w+)$', '', reason.reason
    ) -%}
    {%- set raw = reason.raw or '' -%}
    {%- set fields = fromjson(raw, {}) if raw.startswith('{') else {} -%}
    {%- set value = "'" ~ fields[column] ~ "'" if fields is mapping and fields.get(column) is not none and column in fields else none -%}
    {%- set rest = reason.reason[column | length:] -%}
    {%- set right = none -%}
    {%- if rest == '_unknown' -%}
        {%- set seed = known_members(feed, column) -%}
        {%- if seed -%}
            {%- set right = "is not in " ~ seed ~ ": add it there, or deliver one of its values" -%}
        {%- endif -%}
    {%- elif rest == '_unparseable' and value is not none -%}
        {%- set digits = modules.re.fullmatch("'(\\d{10}|\\d{13}|\\d{16})(\\.\\d+)?'", value) -%}
        {%- set units = {10: "epoch seconds", 13: "epoch milliseconds", 16: "epoch microseconds"} -%}
        {%- set right = (
            ("looks like " ~ units[digits.group(1) | length] ~ ", and " ~ column if digits else "cannot be read, and " ~ column)
            ~ " has to be a UTC time such as 2025-01-31 12:00:00"
        ) -%}
    {%- elif rest == '_implausible' -%}
        {%- set right = "lies before earliest_event_date (" ~ var('earliest_event_date') ~ ") or more than clock_skew_hours ("
            ~ var('clock_skew_hours') ~ ") after its delivery" -%}
    {%- elif column != reason.reason -%}
        {%- set right = "the rule is in models/staging/stg_" ~ feed ~ ".sql" -%}
    {%- endif -%}
    {%- do return(
        [column ~ " " ~ value if value else none, right] | select | join(": " if rest not in ['_unknown', '_unparseable', '_implausible'] else " ")
    ) -%}
{% endmacro %}

{% macro known_members(feed, column) %}
    {#- File of the seed that lists the members of a column: one that staging reads, with a column of that name. -#}
    {%- set staging = graph.nodes.values() | selectattr('name', 'equalto', 'stg_' ~ feed) | first -%}
    {%- set files = [] -%}
    {%- for node in graph.nodes.values() if staging and node.resource_type == 'seed' and node.unique_id in staging.depends_on.nodes -%}
        {%- set member = (node.columns.keys() | list or [''])[0] -%}
        {%- if member and (column == member or column.endswith('_' ~ member)) -%}
            {%- do files.append(
                'reference/' ~ node.name ~ '.csv' if env_var('REELHOUSE_WORKSPACE', '') else node.original_file_path
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(files | first) -%}
{% endmacro %}
