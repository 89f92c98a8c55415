"""A feed is added by its models, its properties and its files: no macro and no script changes."""

from __future__ import annotations

import gzip
import json
from datetime import date

FEED = ("--select", "tag:toy", "source:ledger")
STAGING = """
with landed as (
    select * from {{{{ ref('land_{feed}') }}}}
),

typed as (
    select
        {columns},
        batch_id,
        _file,
        _row,
        coalesce(_raw, {raw}) as _raw,
        case when _malformed is not null then [_malformed] else {rules} end as _rejection_reasons
    from landed
)

select *, len(_rejection_reasons) > 0 as _is_rejected from typed
"""
FACT = """
{{{{ config(partitioned_by=['dt']) }}}}

with staged as (
    select * from {{{{ ref('stg_{feed}') }}}}
    where not _is_rejected and {{{{ new_batches(ref('stg_{feed}')) }}}}
),

first_deliveries as (
    select * from staged
    qualify row_number() over (partition by {id} order by batch_id, _file, _row) = 1
)

select {columns}, dt, batch_id
from first_deliveries
where {{{{ not_yet_loaded('first_deliveries', '{id}', ref('stg_{feed}')) }}}}
"""
QUARANTINE = """
{{{{ quarantine_rows(
    staged=ref('stg_{feed}'), kept=ref('fact_{feed}'), id='{id}', payload={payload}
) }}}}
"""
METRIC = """
{{{{ config(incremental_strategy='delete+insert', unique_key=['dt'], partitioned_by=['dt']) }}}}

with facts as (
    select * from {{{{ ref('fact_{feed}') }}}}
    where {{{{ affected_keys(ref('fact_{feed}'), keys=['dt']) }}}}
)

select dt, count(*) as facts, max(batch_id) as batch_id
from facts
group by dt
"""
PROPERTIES = """
models:
  - name: land_{feed}
    config: {{tags: [toy]}}
    data_tests:
      - every_row_is_accounted_for:
          name: {feed}_are_accounted_for
          arguments:
            feed: {feed}
            kept: ref('fact_{feed}')
            quarantined: ref('quarantine_{feed}')
          config: {{where: "__last_written__"}}
  - name: stg_{feed}
    config: {{tags: [toy]}}
  - name: fact_{feed}
    config: {{tags: [toy], contract: {{enforced: false}}}}
  - name: quarantine_{feed}
    config: {{tags: [toy]}}
  - name: daily_{feed}
    config: {{tags: [toy], contract: {{enforced: false}}}}
"""
RATINGS = {
    "feed": "ratings",
    "id": "rating_id",
    "landing": "required_columns=['rating_id', 'stars', 'day'], optional_columns=['comment']",
    "columns": "rating_id, try_cast(stars as integer) as stars, try_cast(day as date) as dt",
    "kept": "rating_id, stars",
    "payload": "['stars']",
    "raw": "cast(json_object('rating_id', rating_id, 'stars', stars, 'day', day) as varchar)",
    "rules": "{{{{ rejection_reasons({{'stars_impossible': 'coalesce("
    "try_cast(stars as integer) not between 1 and 5, true)'}}) }}}}",
}
REQUESTS = {
    "feed": "requests",
    "id": "request_id",
    "landing": "required_columns=[], optional_columns=['line']",
    "columns": "regexp_extract(line, '^(\\S+) (\\S+)$', 1) as request_id,"
    " try_cast(regexp_extract(line, '^(\\S+) (\\S+)$', 2) as date) as dt",
    "kept": "request_id",
    "payload": "['dt']",
    "raw": "line",
    "rules": "{{{{ rejection_reasons({{'line_unparseable': '"
    "not regexp_matches(line, ''^\\S+ \\d{{4}}-\\d\\d-\\d\\d$'')'}}) }}}}",
}


def add_feed(project, toy: dict) -> None:
    """Write a feed's five models and its properties."""
    feed, models = toy["feed"], project.own("models")
    texts = {
        f"landing/land_{feed}": "select * from ({{ delivered_rows(" + toy["landing"] + ") }})",
        f"staging/stg_{feed}": STAGING.format(**toy | {"rules": toy["rules"].format()}),
        f"marts/engagement/fact_{feed}": FACT.format(**toy | {"columns": toy["kept"]}),
        f"quarantine/quarantine_{feed}": QUARANTINE.format(**toy),
        f"marts/engagement/daily_{feed}": METRIC.format(**toy),
    }
    for name, text in texts.items():
        (models / f"{name}.sql").write_text(text.replace("''^", "\\'^").replace("$''", "$\\'"))
    (models / f"_{feed}.yml").write_text(PROPERTIES.format(**toy))


def deliver(project, file: str, content: bytes) -> None:
    path = project.landing / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_feeds_of_columns_and_of_log_lines_need_only_their_own_files(project):
    for toy in (RATINGS, REQUESTS):
        add_feed(project, toy)
    rows = [{"rating_id": f"r{i}", "stars": 1 + i % 5, "day": "2025-01-01"} for i in range(10)]
    rows += [rows[0], {"rating_id": "bad", "stars": 11, "day": "2025-01-01", "shop": "x"}]
    deliver(project, "ratings/a.jsonl", "\n".join(map(json.dumps, rows)).encode())
    log = b"q1 2025-01-01\nq2 2025-01-02\nthis is no request\nq1 2025-01-01\ncaf\xe9 2025-01-01\n"
    deliver(project, "requests/access.log.gz", gzip.compress(log))
    deliver(project, "requests/empty.log", b"")
    first = project.build(*FEED)
    assert first.statuses["ratings_are_accounted_for"] == "pass"
    assert first.statuses["requests_are_accounted_for"] == "pass"

    aside = (
        "select reasons, row_id, raw from lake.quarantine.quarantine_{} order by batch_id, file_row"
    )
    assert project.query(aside.format("ratings")) == [
        (["rating_id_delivered_before"], "r0", None),
        (["stars_impossible"], "bad", '{"rating_id":"bad","stars":"11","day":"2025-01-01"}'),
    ]
    assert [row[0] for row in project.query(aside.format("requests"))] == [
        ["line_unparseable"],
        ["request_id_delivered_before"],
        ["not_utf8"],
    ]
    assert project.query(
        "select _unknown_columns from lake.landing.land_ratings where _unknown_columns is not null"
    ) == [('{"shop":"x"}',)]

    # A refresh: one new row on a new day, one old row again, one late.
    deliver(project, "ratings/b.csv", b"rating_id,stars,day\nr10,3,2025-01-03\nr1,2,2025-01-01\n")
    deliver(project, "requests/access.log.1", b"never read: another suffix")
    deliver(project, "requests/b.log", b"q3 2025-01-01\r\n")
    second = project.build(*FEED)
    assert set(second.statuses.values()) <= {"success", "pass"}
    assert project.query("from daily_ratings order by dt") == [
        (date(2025, 1, 1), 10, 1),
        (date(2025, 1, 3), 1, 2),
    ]
    assert project.query("select facts, batch_id from daily_requests order by dt") == [
        (2, 2),
        (1, 1),
    ]
    assert project.query(
        "select model, mode, rows_written, partitions_affected from lake.ledger.refresh_log"
        " where batch_id = 2 and (model like 'daily%' or model like 'fact%') order by model"
    ) == [
        ("daily_ratings", "delete+insert", 1, 1),
        ("daily_requests", "delete+insert", 1, 1),
        ("fact_ratings", "append", 1, 1),
        ("fact_requests", "append", 1, 1),
    ]
    assert "Rejected file requests/access.log.1: unknown file type" in second.stdout
