"""Mappings in a build: files land as they are, and a corrected mapping needs no new delivery."""

from __future__ import annotations

import csv
import shutil

import pytest
from conftest import ROWS_ONLY, Project
from watch_events import MODELS

pytestmark = pytest.mark.one_domain

MAPPING = """
feed: watch_events
files: app-*.csv
columns:
  event_id: id
  profile_id: user_id
  session_id: visit
  title_id: video_id
  region: {column: country, values: {US: us-east}}
  device_type: {column: device, values: {Smart TV: tv}}
  event_ts: {column: started_at, timestamp: epoch_ms}
  watch_seconds: {column: watched, round: nearest}
"""
EXPORT = ("id", "user_id", "visit", "video_id", "country", "device", "started_at", "watched")
BUILD = ("--select", "outdated_tables", *MODELS[1:], *ROWS_ONLY)
REPORT = "were computed with older logic than the project has now"


def export(project: Project, name: str, countries: list[str]) -> None:
    """Deliver an export as a platform writes it."""
    path = project.landing / "watch_events" / name
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        writer = csv.writer(file)
        writer.writerow(EXPORT)
        for number, country in enumerate(countries):
            moment = 1735689600000 + number * 60_000
            writer.writerow(
                [f"{name}-{number}", "u1", "v1", "t1", country, "Smart TV", moment, f"{number}.75"]
            )


def write_mapping(project: Project, text: str) -> None:
    path = project.landing / "mappings" / "app.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def kept(project: Project) -> list[tuple]:
    return project.query(
        "select event_id, region, event_ts, watch_seconds from fact_watch_events order by event_id"
    )


def test_an_export_lands_as_it_is_and_a_corrected_mapping_needs_no_new_delivery(project):
    export(project, "app-1.csv", ["US", "DE"])
    said = project.build(*BUILD).stdout
    assert (
        "Rejected file watch_events/app-1.csv: required columns are missing: event_id, profile_id,"
        " session_id, title_id, region, device_type, event_ts, watch_seconds; if they have other"
        " names, `reelhouse inspect` proposes a mapping"
    ) in said

    # With a mapping the same file lands, and nothing but the file's own rows changes.
    write_mapping(project, MAPPING)
    said = project.build(*BUILD).stdout
    assert REPORT not in said and "Not read" not in said
    assert [row[:2] for row in kept(project)] == [("app-1.csv-0", "us-east")]
    assert project.query("select status, reason, rows_landed from ledger.landed_files") == [
        ("landed", None, 2)
    ]
    assert project.query("select reasons from quarantine.quarantine_watch_events") == [
        (["region_not_mapped"],)
    ]

    # A corrected mapping is a change of logic, for the tables that hold rows of its files.
    write_mapping(project, MAPPING.replace("{US: us-east}", "{US: us-east, DE: eu-central}"))
    export(project, "app-2.csv", ["DE"])
    said = project.build(*BUILD).stdout
    assert f"Rows of fact_watch_events, quarantine_watch_events {REPORT}" in said
    assert len(kept(project)) == 2

    said = project.build(*BUILD, vars={"rebuild_outdated": True}).stdout
    assert REPORT not in said
    assert [(name, region) for name, region, _, _ in kept(project)] == [
        ("app-1.csv-0", "us-east"),
        ("app-1.csv-1", "eu-central"),
        ("app-2.csv-0", "eu-central"),
    ]
    assert [seconds for *_, seconds in kept(project)] == [1, 2, 1]
    assert project.query("select count(*) from quarantine.quarantine_watch_events") == [(0,)]


def test_what_a_mapping_cannot_land_is_rejected_with_the_way_out(project):
    write_mapping(project, MAPPING.replace("visit", "session"))
    shutil.copy(project.landing / "mappings" / "app.yml", project.landing / "mappings" / "two.yml")
    export(project, "app-1.csv", ["US"])
    rejected = "select reason from lake.ledger.landed_files where status = 'rejected'"
    project.build("--select", "land_watch_events", "source:ledger")
    assert project.query(rejected) == [
        ("the mapping is not clear: app and two match it; make their patterns differ",)
    ]
    (project.landing / "mappings" / "two.yml").unlink()
    project.build("--select", "land_watch_events", "source:ledger")
    assert project.query(rejected) == [
        ("the mapping app reads columns that the file does not have: session",)
    ]
    # A mapping that is wrong stops its feed, and names file, line and key.
    write_mapping(project, MAPPING.replace("epoch_ms", "epoch"))
    outcome = project.build("--select", "land_watch_events", "regions", expect_success=False)
    assert (
        "landing/mappings/app.yml:11: columns.event_ts.timestamp: 'epoch' is none of"
        in outcome.stdout
    )
    assert outcome.statuses["regions"] == "success"
    assert outcome.statuses["land_watch_events"] == "error"
