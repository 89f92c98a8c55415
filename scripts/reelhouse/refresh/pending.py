"""Find out what a build has to do before dbt starts: dbt alone takes ten seconds to do nothing.

What counts is the last complete state: one build wrote, tested and published it. A note in the
lake's folder says which project and which variables made it. If both are the same now, only feeds
with files that the ledger does not know have anything to do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import duckdb

from reelhouse.lake.connection import LIVE_CATALOG, attach_lake
from reelhouse.lake.files import delivered_files
from reelhouse.paths import (
    own_mappings_folder,
    project_folder,
    project_variables,
    used_feeds,
)

# What decides which rows a build writes, relative to the project's folder.
PROJECT_PARTS = (
    "dbt_project.yml",
    "selectors.yml",
    "requirements.lock",
    "profiles",
    "macros",
    "models",
    "seeds/reference",
    "seeds/mappings",
    "tests/generic",
    "tests/lakehouse",
    "scripts/reelhouse/lake",
    "scripts/reelhouse/sources",
)
# Name of the note in the lake's folder.
NOTE = "last_complete_build.json"


def checksum(folder: Path, parts: Iterable[str]) -> str:
    """Return a checksum of files and folders below a folder: names and contents."""
    digest = hashlib.sha256()
    for part in parts:
        path = folder / part
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and file.suffix not in (".pyc", ".md"):
                digest.update(f"{file.relative_to(folder)}\n".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def complete_batch(connection: duckdb.DuckDBPyConnection) -> int | None:
    """Return the number of the published refresh; None if there is none, or a newer refresh.

    The connection has the live state of a lake attached as `lake`.
    """
    (newest,) = connection.execute("select max(batch_id) from lake.ledger.refresh_log").fetchone()
    (published,) = connection.execute(
        "select max(batch_id) from lake.ledger.publications"
    ).fetchone()
    return published if newest == published else None


def feeds_with_new_files(
    connection: duckdb.DuckDBPyConnection, variables: dict[str, object], root: Path | None = None
) -> list[str]:
    """Return the feeds with a file that landing would open (macro `find_new_files`).

    Size and time of a file say that it was seen before; one that could not be read to its end is
    opened again on every build.
    """
    seen = set(
        connection.execute(
            """
            select feed, file, size_bytes, strftime(modified_at, '%Y-%m-%d %H:%M:%S.%f')
            from lake.ledger.landed_files
            where sha256 is not null
            """
        ).fetchall()
    )
    root = root or project_folder()
    landing = str(root / str(variables["landing_path"]))
    links = bool(variables["follow_links_out_of_landing"])
    return [
        feed
        for feed in used_feeds(root)
        if any(
            (feed, entry["file"], entry["size_bytes"], entry["modified_at"]) not in seen
            for entry in json.loads(delivered_files(landing, feed, links))
        )
    ]


def makers(given: dict[str, object], root: Path | None = None) -> dict[str, object]:
    """Return what decides the rows that a build makes of the delivered files.

    These are the project's files, the variables, and the user's own mappings.

    Args:
        given: variables of the command line, the landing path among them.
        root: folder of the project; None for the one that commands run.
    """
    root = root or project_folder()
    variables = project_variables(given, root)
    mappings = own_mappings_folder(
        root / str(variables["landing_path"]), variables["mappings_path"]
    )
    # Through JSON and back, so that it compares equal with what is read from the note.
    return json.loads(
        json.dumps(
            {
                "project": checksum(root, PROJECT_PARTS),
                "variables": variables,
                "mappings": checksum(root / mappings, ["."]),
            },
            default=str,
        )
    )


def pending_feeds(
    lake: Path, made_by: dict[str, object], root: Path | None = None
) -> list[str] | None:
    """Return the feeds that a build has to refresh; None if it has to look at everything.

    Args:
        lake: folder of the lake.
        made_by: what `makers` returns.
        root: folder of the project; None for the one that commands run.
    """
    try:
        note = json.loads((lake / NOTE).read_text())
        with duckdb.connect() as connection:
            attach_lake(connection, lake, LIVE_CATALOG)
            if note != made_by | {"batch_id": complete_batch(connection)}:
                return None
            return feeds_with_new_files(connection, made_by["variables"], root)
    except (OSError, ValueError, duckdb.Error):
        return None  # no note, no lake, or one that an older version made: dbt looks at everything


def note_complete_build(lake: Path, made_by: dict[str, object]) -> None:
    """Write down what made the state that readers see, if a successful build published its state.

    Args:
        lake: folder of the lake.
        made_by: what `makers` returned before the build.
    """
    with duckdb.connect() as connection:
        attach_lake(connection, lake, LIVE_CATALOG)
        batch = complete_batch(connection)
    if batch is not None:
        unfinished = lake / f".{NOTE}.unfinished"
        unfinished.write_text(json.dumps(made_by | {"batch_id": batch}))
        unfinished.replace(lake / NOTE)
