"""What a build has to do is known before dbt starts, and a part that covers it is published."""

from __future__ import annotations

import pytest
from watch_events import csv_text, deliver, event

from reelhouse.lake.connection import LIVE_CATALOG, PUBLISHED_CATALOG
from reelhouse.refresh.build import print_nothing_new, selection
from reelhouse.refresh.pending import makers, note_complete_build, pending_feeds

pytestmark = pytest.mark.one_domain

GIVEN = {"landing_path": "landing"}
ROW_COUNT = "select count(*) from fact_watch_events"


def pending(project, **variables) -> list[str] | None:
    made_by = makers(GIVEN | variables, project.folder)
    return pending_feeds(project.lake, made_by, project.folder)


def note(project) -> None:
    note_complete_build(project.lake, makers(GIVEN, project.folder))


def test_only_what_is_pending_is_built_and_then_published(project, monkeypatch, capsys):
    assert pending(project) is None, "there is no lake yet"
    deliver(project, "a.csv", csv_text([event("a")]))
    project.build()
    assert pending(project) is None, "nobody noted that this build was complete"
    note(project)
    assert pending(project) == []
    monkeypatch.chdir(project.folder)
    (project.landing / "watch_event").mkdir()
    print_nothing_new(str(project.lake), GIVEN)
    said = capsys.readouterr().out
    assert "Nothing new: no file was delivered since the last build" in said
    assert "Readers see refresh 1, since" in said
    assert "watch_event/ is no feed: did you mean watch_events?" in said

    # Other variables, or another project: dbt has to look.
    assert pending(project, as_of="2025-06-01") is None
    generic = project.own("tests") / "generic"
    (generic / "another.sql").write_text("-- nothing")
    assert pending(project) is None
    (generic / "another.sql").unlink()
    mappings = project.landing / "mappings"
    mappings.mkdir()
    (mappings / "app.yml").write_text("feed: watch_events")
    assert pending(project) is None
    (mappings / "app.yml").unlink()
    assert pending(project) == []

    # One feed has a new file. What is left out has nothing to do, so the state is complete.
    deliver(project, "b.csv", csv_text([event("b", day=1)]))
    assert pending(project) == ["watch_events"]
    statuses = project.build(*selection(["watch_events"])).statuses
    assert "fact_watch_events" in statuses and "regions" not in statuses
    assert any(name.startswith("relationships_fact_watch_events_region") for name in statuses)
    assert project.query(ROW_COUNT, PUBLISHED_CATALOG) == [(2,)]
    assert pending(project) is None, "the note is about an older state"
    note(project)
    assert pending(project) == []

    # A part that leaves out what reads the new rows is not complete.
    deliver(project, "c.csv", csv_text([event("c", day=2)]))
    said = project.build("--select", "+fact_watch_events", "--exclude", "tag:full_check").stdout
    assert "steps were left out" in said
    assert project.query(ROW_COUNT, LIVE_CATALOG) == [(3,)]
    assert project.query(ROW_COUNT, PUBLISHED_CATALOG) == [(2,)]
    note(project)
    assert pending(project) is None

    # A file that cannot be opened is tried on every build.
    project.build()
    note(project)
    (project.landing / "watch_events" / "link.csv").symlink_to("/dev/null")
    assert pending(project) == ["watch_events"]
