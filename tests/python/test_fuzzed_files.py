"""Mutated files of every feed and format: each gets one ledger entry, and no row is lost."""

from __future__ import annotations

import gzip
import random
import shutil
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT

SAMPLE = ROOT / "seeds" / "sample"
FEEDS = sorted(path.stem[5:] for path in (ROOT / "models" / "landing").glob("land_*.sql"))
ROWS = 12
FORECASTS = (
    "select 'web' as service_name, 'cpu' as resource, 'hour' as grain, 'naive' as method,"
    " timestamp '2025-01-01' as origin_ts, timestamp '2025-01-02' as target_ts, 5 as forecast"
    f" from range({ROWS})"
)
CONTROL = [bytes([code]) for code in (*range(32), *range(127, 161))]
ODD_NAMES = ["", "", "", " ", "'", '"', "\\", "[*]?", "ü", "%41", "{{x}}", "\n", "\x7f"]
HOSTILE = [
    *CONTROL,
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xff\xfe",
    b"\r\n\r\n",
    b'"',
    b'""',
    b"\\",
    b"\\ud800",
    b"{",
    b"}",
    b"[" * 200,
    b",,,,",
    b"NULL",
    b"nan",
    b"1e999",
    b"9" * 400,
    b"x" * 5000,
    "日本".encode()[:-1],
]


def sources(folder: Path) -> dict[str, list[tuple[str, bytes]]]:
    """A few small files of each feed: (ending, content), in every format that the feed takes."""
    found = {}
    for feed in FEEDS:
        paths = sorted((SAMPLE / feed).rglob("*.parquet"))
        rows = f"from read_parquet('{paths[0]}') limit {ROWS}" if paths else FORECASTS
        files = []
        for ending in ("csv", "json", "parquet"):
            path = folder / f"{feed}.{ending}"
            duckdb.sql(f"copy ({rows}) to '{path}' (format {ending})")
            files.append((ending.replace("json", "jsonl"), path.read_bytes()))
        for path in sorted((SAMPLE / feed).rglob("*.log.gz")):
            lines = gzip.decompress(path.read_bytes()).splitlines(True)
            files.append(("log", b"".join(lines[:ROWS])))
        packed = [(f"{ending}.gz", gzip.compress(content)) for ending, content in files]
        found[feed] = files + [
            (ending, content) for ending, content in packed if "parq" not in ending
        ]
    return found


def mutate(content: bytes, chance: random.Random) -> bytes:
    """Damage a file's bytes in one to four ways."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(content) + 1)
        end = min(len(content), at + chance.randint(1, 60))
        way = chance.randrange(8)
        if way == 0:
            content = content[:at]
        elif way == 1 and at < len(content):
            content = (
                content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]
            )
        elif way == 2:
            content = content[:at] + content[at:end] * chance.randint(2, 5) + content[end:]
        elif way == 3:
            content = content[:at] + content[end:]
        elif way == 4:
            head, _, rest = content.partition(b"\n")
            content = head[: chance.randrange(len(head) + 1)] + chance.choice(HOSTILE) + rest
        elif way == 5:
            content = content.replace(b"\n", chance.choice([b"\r", b"\r\n", b"\n\n", b"\n\r"]))
        else:
            content = content[:at] + chance.choice(HOSTILE) + content[at:]
    return content


def mutated_file(
    files: list[tuple[str, bytes]], number: int, chance: random.Random
) -> tuple[str, bytes]:
    """A name and a content; gzip is damaged inside, outside or not at all."""
    ending, content = chance.choice(files)
    if ending.endswith(".gz") and chance.random() < 0.7:
        content = gzip.compress(mutate(gzip.decompress(content), chance), 1, mtime=0)
    else:
        content = mutate(content, chance)
    if chance.random() < 0.1:
        ending = chance.choice(["csv", "jsonl", "parquet", "log", "csv.gz", "txt", "CSV"])
    odd = chance.choice(
        ["", "", "", " ", "'", '"', "\\", "[*]?", "ü", "%41", "{{x}}", "\n", "\x7f"]
    )
    return f"{number}{odd}.{ending}", content


def fuzz(project, builds: int, files_per_build: int) -> Counter:
    """Deliver mutated files, build by build; every file has one entry and every row is counted."""
    made, chance = sources(project.folder), random.Random(11)
    delivered: set[str] = set()
    for build in range(builds):
        for number in range(build * files_per_build, (build + 1) * files_per_build):
            feed = FEEDS[number % len(FEEDS)]
            name, content = mutated_file(made[feed], number, chance)
            path = project.landing / feed / str(build) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            delivered.add(f"{feed}/{build}/{name}")
        project.dbt("run", "--select", "path:models/landing")
        # Landed ones are gone from the folder, as an archive would move them: builds stay small.
        shutil.rmtree(project.landing)
        project.landing.mkdir()
    entries = project.query("select file, status from lake.ledger.landed_files")
    assert Counter(file for file, _ in entries) == Counter(delivered)
    unaccounted = []
    for feed in FEEDS:
        unaccounted += project.query(
            f"""
            from (from lake.ledger.landed_files where feed = '{feed}') as entries
            full join (
                select _file, count(*) as rows_found, count(distinct _row) as numbers
                from lake.landing.land_{feed}
                group by all
            ) as landed on entries.file = landed._file
            where
                file is null
                or status = 'landed' and rows_delivered <> coalesce(rows_found, 0)
                or status = 'landed' and rows_landed <> coalesce(numbers, 0)
                or status = 'rejected' and (rows_found > 0 or reason is null)
            """
        )
    assert unaccounted == []
    return Counter(status for _, status in entries)


def test_every_mutated_file_has_one_entry_and_every_row_is_accounted_for(project):
    outcome = fuzz(project, builds=1, files_per_build=400)
    assert outcome["landed"] > 100 and outcome["rejected"] > 50


@pytest.mark.slow
def test_twenty_thousand_mutated_files(project, capsys):
    outcome = fuzz(project, builds=10, files_per_build=2000)
    with capsys.disabled():
        print(f"\n20,000 mutated files: {dict(outcome)}; errors, hangs, unaccounted rows: 0")
