"""`reelhouse inspect`: what it says of files that nobody prepared for it, and what it proposes."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from command_line import reelhouse
from mapped_rows import FEEDS, Staging, read_text

from reelhouse.sources.profile import profile
from reelhouse.sources.proposal import normalised, propose

START = datetime(2025, 3, 1, 8)


def write_csv(path: Path, rows: list[dict], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def app_export(folder: Path) -> Path:
    """The export of the README's question: other names, epoch milliseconds, other spellings."""
    return write_csv(
        folder / "app.csv",
        [
            {
                "id": f"e{i}",
                "user_id": f"u{i % 50}",
                "visit_id": f"v{i % 70}",
                "video_id": f"t{i % 9}",
                "country": ["US", "DE", "usa"][i % 3],
                "device": ["Smart TV", "iPhone", "Browser"][i % 3],
                "started_at": 1735689600000 + i * 60_000,
                "watched_seconds": i + 0.25,
            }
            for i in range(200)
        ],
    )


def european_export(folder: Path) -> Path:
    return write_csv(
        folder / "Views Q1 2025.csv",
        [
            {
                "Viewer ID": f"user{i % 20}@example.com",
                "Session": f"s-{i // 3}",
                "Asset ID": f"A{i % 7}",
                "Country Code": ["DE", "FR", "NO"][i % 3],
                "Platform": ["iOS", "Roku", "LG webOS"][i % 3],
                "Start Time": (START + timedelta(minutes=i)).strftime("%d.%m.%Y %H:%M"),
                "Watch Duration (min)": i / 4,
            }
            for i in range(100)
        ],
        delimiter=";",
        encoding="utf-8-sig",
    )


def player_events(folder: Path) -> Path:
    path = folder / "player.jsonl.gz"
    with gzip.open(path, "wt") as file:
        for i in range(100):
            event = {
                "eventId": f"e{i}",
                "user": {"id": f"u{i % 9}"},
                "sessionId": f"s{i % 5}",
                "contentId": f"t{i % 3}",
                "geo": "us-east",
                "deviceType": "web",
                "action": ["play", "pause", "buffering", "ended"][i % 4],
                "ts": 1740000000000 + i * 1000,
                "sessionStart": 1740000000000,
                "bitrate": 3_200_000,
            }
            file.write(json.dumps(event) + "\n")
    return path


def requests(folder: Path) -> Path:
    return write_csv(
        folder / "access.csv",
        [
            {
                "time": f"2025-01-01T00:00:{i:02d}+02:00",
                "path": f"/x/{i}",
                "status": 200,
                "latency": i / 1000,
                "bytes": i * 100,
                "service": "catalog",
            }
            for i in range(50)
        ],
        delimiter="\t",
    )


# A file, its feed, lines of the proposed mapping, and the first staged row in some columns.
CASES = {
    "app": (
        app_export,
        "watch_events",
        ["timestamp: epoch_ms", '"Smart TV": tv', "round: nearest", "profile_id: user_id"],
        ("e0", "u0", "t0", "tv", datetime(2025, 1, 1), 0),
        "event_id, profile_id, title_id, device_type, event_ts, watch_seconds",
    ),
    "european": (
        european_export,
        "watch_events",
        [
            "? event_id: the file has no id",
            "unit: min",
            "'LG webOS'",
            "%d.%m.%Y %H:%M",
            "no offset",
        ],
        ("s-0", "A0", "eu-central", "mobile", START, 0),
        "session_id, title_id, region, device_type, event_ts, watch_seconds",
    ),
    "player": (
        player_events,
        "playback_events",
        ['profile_id: "/user/id"', "buffering: stall_start", "unit: bit/s"],
        ("e0", "u0", "play_requested", datetime(2025, 2, 19, 21, 20), 3200),
        "event_id, profile_id, event_type, event_ts, bitrate_kbps",
    ),
    "requests": (
        requests,
        "api_requests",
        ["endpoint: path", "look like s", "unit: s"],
        ("catalog", "/x/{id}", 200, 0.0, 0, datetime(2024, 12, 31, 22)),
        "service_name, endpoint, status_code, response_time_ms, response_bytes, timestamp",
    ),
}


@pytest.fixture(scope="module")
def staging() -> Staging:
    return Staging()


@pytest.fixture
def inspect(capsys):
    """Run the command and return its exit status and what it said."""

    def run(*words: object) -> tuple[int, str]:
        status = reelhouse("inspect", *map(str, words))
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


@pytest.mark.parametrize("case", CASES)
def test_a_proposal_reads_the_file_that_it_is_for(case, staging, tmp_path):
    write, feed, wanted, first, columns = CASES[case]
    sample = profile([write(tmp_path)])
    proposal = propose(sample, FEEDS)
    text = "\n".join(proposal.lines)
    assert proposal.feed.name == feed
    assert [line for line in wanted if line.replace('"Smart TV"', "Smart TV") not in text] == []
    assert proposal.questions == text.count("# ?")
    mapping = read_text(f"feed: {feed}\nfiles: app-*\ncolumns:\n{text}\n")
    rows = delivered(sample)
    staged = staging.stage(feed, rows, [mapping])
    assert staged.order("_row").project(columns).fetchone() == first
    kept = staged.filter("not _is_rejected").count("*").fetchone()[0]
    # Of three platforms one is an open question.
    assert kept == (
        len(rows) if case != "european" else len([r for r in rows if r["Platform"] != "LG webOS"])
    )


def delivered(sample) -> list[dict]:
    """Return the sampled rows as landing has them: nested objects in one piece."""
    rows = []
    for values in sample.connection.execute("from sample").fetchall():
        row: dict = {}
        for column, value in zip(sample.columns, values, strict=True):
            parts = column.name.split("/")[1:] if column.name.startswith("/") else [column.name]
            place = row
            for part in parts[:-1]:
                place = place.setdefault(part, {})
            place[parts[-1]] = value
        rows.append(row)
    return rows


@pytest.mark.parametrize(
    ("lowest", "wanted"),
    [
        (1_735_689_600, "epoch_s"),
        (1_735_689_600_000, "epoch_ms"),
        (1_735_689_600_000_000, "epoch_us"),
        (1_735_689_600_000_000_000, "epoch_ns"),
    ],
)
def test_an_epoch_is_known_by_its_magnitude(lowest, wanted, tmp_path):
    rows = [{"user_id": f"u{i}", "video_id": "t", "ts": lowest + i} for i in range(30)]
    proposal = propose(profile([write_csv(tmp_path / "a.csv", rows)]), FEEDS, "watch_events")
    assert f"timestamp: {wanted}" in "\n".join(proposal.lines)


def test_a_day_that_may_be_a_month_is_a_question(tmp_path):
    for days, question in [((1, 2, 3), True), ((13, 2, 3), False)]:
        rows = [{"event_ts": f"{day:02d}/03/2025 10:00:00"} for day in days]
        proposal = propose(profile([write_csv(tmp_path / "a.csv", rows)]), FEEDS, "watch_events")
        text = "\n".join(proposal.lines)
        assert 'timestamp: "%d/%m/%Y %H:%M:%S"' in text
        assert ("may also be %m/%d/%Y" in text) == question


def test_names_are_compared_as_words():
    spellings = ("cs-uri-stem", "csUriStem", "CS URI Stem", "cs_uri_stem")
    assert {normalised(name) for name in spellings} == {"cs_uri_stem"}
    assert normalised("/user/id") == "user_id"


# Content, name, and the message; what nobody can map is said, and nothing is written.
UNUSABLE = [
    (b"", "empty.csv", "has no rows"),
    (b"a,b\n", "header.csv", "has no rows"),
    (b'[{"id": 1}]', "list.json", "is a JSON array, and landing reads one object per line: jq"),
    (b"PAR1 broken", "broken.parquet", "can't be read"),
    (bytes(range(256)) * 10, "binary.dat", "can't be read"),
    (b"invoice,amount,vat\n1,2.5,19\n", "invoices.csv", "No feed is likely. Name one with --feed"),
]


@pytest.mark.parametrize(("content", "name", "message"), UNUSABLE, ids=[u[1] for u in UNUSABLE])
def test_what_cannot_be_mapped_is_said(content, name, message, tmp_path, inspect):
    (tmp_path / name).write_bytes(content)
    status, said = inspect(tmp_path / name, "--landing", tmp_path / "landing")
    assert status == 1 and message in said
    assert not (tmp_path / "landing").exists()


def test_the_command_writes_a_mapping_once_and_says_what_comes_next(tmp_path, inspect):
    export, landing = european_export(tmp_path), tmp_path / "my landing"
    mapping = landing / "mappings" / "views_q.yml"
    status, said = inspect(export, "--landing", landing)
    assert status == 0 and mapping.read_text() in said
    assert f"cp '{export}' '{landing}/watch_events'/" in said
    mapping.write_text("edited")
    assert "is there already and stays as it is" in inspect(export, "--landing", landing)[1]
    assert mapping.read_text() == "edited"
    status, said = inspect(tmp_path / "nope.csv")
    assert status == 2 and "there is no file" in said


@pytest.mark.slow
def test_a_mapping_is_tried_without_a_lake(tmp_path, inspect):
    export, landing = european_export(tmp_path), tmp_path / "landing"
    inspect(export, "--landing", landing)
    status, said = inspect(export, "--landing", landing, "--check")
    assert status == 1
    assert "100 rows: 67 would be kept, 33 quarantined" in said
    assert "device_type_not_mapped: 33 rows, such as line 4 of Views Q1 2025.csv" in said
    assert "no entry in values of device_type: 'LG webOS'" in said
    mapping = landing / "mappings" / "views_q.yml"
    mapping.write_text(mapping.read_text().replace("Roku: tv", "Roku: tv\n      LG webOS: tv"))
    status, said = inspect(export, "--landing", landing, "--check")
    assert status == 0 and "100 rows: 100 would be kept" in said
    assert sorted(path.name for path in landing.iterdir()) == ["mappings"]
