"""The Great Expectations suites: green on good deliveries, red on broken ones, on new rows only."""

import duckdb
import pytest
from command_line import reelhouse
from conftest import ROOT, ROWS_ONLY

from reelhouse.check import expectations as check_expectations
from reelhouse.generate.watch_events import generate
from reelhouse.lake.connection import attach_lake

TABLES = ("+daily_user_metrics", *ROWS_ONLY)
HEADER = "event_id,profile_id,session_id,title_id,region,device_type,event_ts,watch_seconds"


def deliver(project, name, rows, more_columns=""):
    lines = [HEADER + more_columns, *rows]
    folder = project.landing / "watch_events"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n")


def event(number, watch_seconds="60", event_ts="2025-01-02 10:00:00"):
    return f"e{number},p{number},s{number},t1,eu-west,tv,{event_ts},{watch_seconds}"


def edit_lake(project, sql):
    with duckdb.connect() as connection:
        attach_lake(connection, project.lake, read_only=False)
        connection.execute(sql)


@pytest.fixture
def check(project, monkeypatch, capsys):
    """Run the script on the project's lake; return its exit status and all that it printed."""
    # The lake's catalog names its data relative to the project.
    monkeypatch.chdir(project.folder)

    def run(*arguments):
        capsys.readouterr()
        command = ("check", "expectations", "--lake", "lake", "--target", "target")
        status = reelhouse(*command, *arguments)
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return run


def test_good_deliveries_pass_and_only_what_the_last_refresh_wrote_is_read(project, check):
    generate(project.landing, days=3, events_per_day=300, dirty_share=0.01, quiet=True)
    project.build("--select", *TABLES)
    landed, metrics = project.query(
        "select (select count(*) from lake.landing.land_watch_events), count(*)"
        " from daily_user_metrics"
    )[0]
    status, printed = check()
    assert status == 0
    assert f"landing.land_watch_events: 10 of 10 expectations hold on {landed} rows" in printed
    assert f"analytics.daily_user_metrics: 8 of 8 expectations hold on {metrics} rows" in printed
    index = (project.target / "data_docs" / "index.html").read_text()
    for model in ("land_watch_events", "daily_user_metrics"):
        (page,) = (project.target / "data_docs" / "validations" / model).glob("**/*.html")
        assert f'href="{page.relative_to(project.target / "data_docs")}"' in index
    assert "Nothing new" not in printed

    status, printed = check("--most-rows", "100")
    assert status == 0 and "Nothing new has landed since the last check" in printed
    assert f"(sampled from {landed:,})" in printed

    # What is broken in the rows of an older batch is the business of an older check.
    edit_lake(project, "update lake.analytics.daily_user_metrics set sessions = 0")
    deliver(project, "late.csv", [event(1), event(2)])
    project.build("--select", *TABLES)
    status, printed = check()
    assert status == 0 and "Nothing new" not in printed
    assert "land_watch_events: 10 of 10 expectations hold on 2 rows" in printed
    assert "daily_user_metrics: 8 of 8 expectations hold on 2 rows" in printed


def test_broken_rows_are_told_by_column_count_and_example(project, check):
    good = [event(number) for number in range(17)]
    broken = [event(number, watch_seconds="ages") for number in range(17, 20)]
    deliver(project, "events.csv", [f"{row},x" for row in good + broken], ",colour")
    project.build("--select", *TABLES)
    status, printed = check()
    assert status == 1
    assert "FAILED  watch_seconds: The watched time is a number that is not negative." in printed
    assert "3 of 20 rows break it (15.0%; allowed 5.0%)" in printed
    assert "examples: ages, ages, ages" in printed
    assert "warning  _unknown_columns" in printed
    assert "daily_user_metrics: 8 of 8" in printed
    assert "1 critical expectations failed" in printed
    assert str(project.target.name + "/data_docs/index.html") in printed

    edit_lake(
        project,
        "insert into lake.analytics.daily_user_metrics"
        " select * replace (-1 as total_watch_time) from lake.analytics.daily_user_metrics"
        " where profile_id = 'p1'",
    )
    status, printed = check()
    assert status == 1
    assert "FAILED  profile_id, activity_date: A profile has one row a day." in printed
    assert "FAILED  total_watch_time: Nobody watches a negative time." in printed
    assert "1 of 18 rows break it" in printed and "examples: -1" in printed


def test_a_warning_alone_does_not_fail_and_a_lost_column_does(project, check):
    deliver(project, "events.csv", [f"{event(1)},x"], ",colour")
    project.build("--select", *TABLES)
    status, printed = check()
    assert status == 0 and "warning  _unknown_columns" in printed

    edit_lake(project, "alter table lake.analytics.daily_user_metrics drop column sessions")
    status, printed = check()
    assert status == 1
    assert 'The column "sessions" in BatchData does not exist' in printed


def test_a_suite_is_one_file(project, check):
    deliver(project, "events.csv", [event(1)])
    project.build("--select", "+daily_user_metrics", "daily_title_metrics", *ROWS_ONLY)
    suites = project.folder / "expectations"
    suites.mkdir()
    (suites / "daily_title_metrics.yml").write_text(
        "table: analytics.daily_title_metrics\n"
        "batch_column: batch_id\n"
        "expectations:\n"
        "  - type: expect_column_values_to_be_in_set\n"
        "    kwargs: {column: title_id, value_set: [t2]}\n"
    )
    status, printed = check("--suites", str(suites))
    assert status == 1
    assert "FAILED  title_id: expect_column_values_to_be_in_set" in printed


def test_a_lake_that_is_not_there_is_a_clear_error(check):
    status, printed = check()
    assert status == 1 and "run `make build` first" in printed


def test_the_checked_tables_are_models():
    models = {path.stem for path in (ROOT / "models").glob("**/*.sql")}
    suites = check_expectations.read_suites(ROOT / "expectations")
    assert suites and {suite.model for suite in suites} <= models
