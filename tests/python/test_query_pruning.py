"""The example queries open the files of their days, and no others."""

import pytest
from conftest import ROWS_ONLY

from reelhouse.bench.queries import ANALYSES, choose_variables, filters_of, measure
from reelhouse.check.analyses import compiled_analyses
from reelhouse.generate.watch_events import generate


def test_the_example_queries_open_no_file_that_they_do_not_need(project):
    generate(project.landing, days=10, events_per_day=300, late_days=5, quiet=True)
    project.build("--select", "+daily_user_metrics", *ROWS_ONLY)
    with project.connect() as connection:
        variables = choose_variables(connection, days=3)
    project.dbt("compile", "--select", *ANALYSES, vars=variables)
    queries = compiled_analyses(project.target)
    with project.connect() as connection:
        found = {name: measure(connection, sql) for name, sql in queries.items()}
        for name in ("watch_time_by_day", "most_active_profiles"):
            assert found[name]["files_read"] == found[name]["files_needed"] == 3, name
            assert found[name]["rows_read"] == found[name]["rows_needed"] < found[name]["rows"]
        history = found["watch_history"]
        assert history["files_read"] == 3 and history["files"] > 10
        (asked,) = connection.execute(
            "select count(*) from fact_watch_events"
            " where profile_id = $profile_id and dt between $from_date and $to_date",
            variables,
        ).fetchone()
        assert history["rows_needed"] == asked > 0

        # A predicate that statistics can't answer opens every file, and the measure says so.
        dt_hidden = queries["watch_time_by_day"].replace("dt between", "dt + 0 between")
        with pytest.raises(ValueError, match="not a comparison"):
            measure(connection, dt_hidden)
        everything = measure(connection, "select sum(watch_seconds) from fact_watch_events")
        assert everything["files_read"] == everything["files_needed"] == history["files"]
        assert everything["rows_read"] == everything["rows"]


def test_filters_are_read_as_the_plan_writes_them():
    scan = {"Filters": ["profile_id='o''p'", "dt>='2025-01-01'::DATE AND dt<='2025-01-07'::DATE"]}
    assert filters_of(scan) == [
        ("profile_id", "=", "'o''p'"),
        ("dt", ">=", "'2025-01-01'"),
        ("dt", "<=", "'2025-01-07'"),
    ]
    assert filters_of({"Filters": "dt='2025-01-01'::DATE"}) == [("dt", "=", "'2025-01-01'")]
