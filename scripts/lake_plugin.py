"""What the embedded lake needs from Python: its extension, and a look into delivered files.

dbt-duckdb loads this module as a plugin (see profiles/profiles.yml). It adds three SQL functions:
`delivered_files` and `inspect_file`, because SQL cannot catch the error of an unreadable file, and
`publish_catalog`, because SQL cannot rename one.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".ndjson": "jsonl",
    ".ndjson.gz": "jsonl",
    ".log": "lines",
    ".log.gz": "lines",
}
LIVE_CATALOG = "catalog.ducklake"
PUBLISHED_CATALOG = "published.ducklake"
# Letters that a lake's path must not hold, and what DuckDB takes them for.
UNUSABLE_LETTERS = {"?": "the start of options", "\\": "a separator of folders"}
DELIMITERS = (",", ";", "\t", "|")
LONGEST_LINE_BYTES = 1 << 20
SAMPLED_JSON_LINES = 1000
MISSING_EXTENSION = (
    "DuckDB's extension '{name}' is neither in the Python environment nor could it be "
    "downloaded. Install it with the project's locked requirements (`make build` does), or "
    "connect this machine to the network once and run `duckdb -c 'install {name}'`."
)


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension of DuckDB into a connection: from its wheel, else by DuckDB's own download.

    Raises:
        RuntimeError: neither way worked; the message says what to do.
    """
    hint = MISSING_EXTENSION.format(name=name)
    try:
        from duckdb_extensions import import_extension

        import_extension(name, con=connection)
    except Exception:  # the wheel is optional: any failure leaves DuckDB's own installer
        try:
            connection.install_extension(name)
        except duckdb.Error as error:
            raise RuntimeError(hint) from error
    try:
        connection.load_extension(name)
    except duckdb.Error as error:
        raise RuntimeError(f"{hint} (DuckDB says: {error})") from error


def load_ducklake(connection: duckdb.DuckDBPyConnection) -> None:
    """Load DuckLake into a connection; raises RuntimeError as `load_extension` does."""
    load_extension(connection, "ducklake")


def sql_text(value: str) -> str:
    """Return a text as a SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def check_lake_path(lake: str) -> None:
    """Refuse a lake's folder that DuckDB or DuckLake cannot use.

    Raises:
        ValueError: the path cannot hold a lake; the message says why and what to do.
    """
    for letter, meaning in UNUSABLE_LETTERS.items():
        if letter in lake:
            raise ValueError(
                f"a lake cannot be kept in '{lake}': DuckDB takes {letter!r} for {meaning}."
                " Choose a folder without it."
            )
    if Path(lake).exists() and not Path(lake).is_dir():
        raise ValueError(f"a lake cannot be kept in '{lake}': that is a file, not a folder.")


def attach_lake(
    connection: duckdb.DuckDBPyConnection,
    lake: str | Path,
    catalog: str = LIVE_CATALOG,
    *,
    read_only: bool = True,
) -> None:
    """Attach a lake's folder to a connection, under the name `lake`.

    The folder counts, not the path that its catalog noted: it may have been moved since.

    Args:
        connection: any connection; DuckLake is loaded into it.
        lake: folder of the lake.
        catalog: the live state, or `PUBLISHED_CATALOG` for the one that readers see.
        read_only: whether nothing may be written.
    """
    check_lake_path(str(lake))
    folder = os.path.abspath(lake)
    load_ducklake(connection)
    connection.execute(
        f"attach {sql_text(f'ducklake:{folder}/{catalog}')} as lake ("
        f"{'read_only, ' if read_only else ''}data_path {sql_text(f'{folder}/data/')},"
        " override_data_path true, data_inlining_row_limit 0)"
    )


def file_format(name: str) -> str | None:
    """Return the reader for a file name (`parquet`, `csv`, `jsonl`, `lines`), None if unknown."""
    lowered = name.lower()
    return next((form for suffix, form in FORMATS.items() if lowered.endswith(suffix)), None)


def delivered_files(landing_path: str, feed: str) -> str:
    """List a feed's files as a JSON array of {file, path, size_bytes, modified_at}.

    `file` is relative to the landing path, so that moving the folder does not land it again.
    Names that start with a dot or an underscore are somebody's unfinished work and are left out.
    A feed without a folder has no files; a landing path that does not exist is a mistake. A folder
    that is linked to several times is read once; a link to nowhere is a file that can't be read.

    Raises:
        FileNotFoundError: the landing path does not exist.
    """
    root = Path(landing_path)
    if not root.is_dir():
        raise FileNotFoundError(
            f"the landing_path '{landing_path}' is no folder ({root.resolve()})"
        )
    found, walked = [], set()
    for folder, subfolders, names in os.walk(root / feed, followlinks=True):
        subfolders[:] = sorted(name for name in subfolders if name[0] not in "._")
        if (real := os.path.realpath(folder)) in walked:
            subfolders.clear()
            continue
        walked.add(real)
        for name in sorted(name for name in names if name[0] not in "._"):
            path = Path(folder) / name
            try:
                status = path.stat() if path.exists() else path.lstat()
            except FileNotFoundError:
                continue  # taken away since the folder was listed
            modified = datetime.fromtimestamp(status.st_mtime, UTC)
            found.append(
                {
                    "file": _as_text(path.relative_to(root)),
                    "path": _as_text(path),
                    "size_bytes": status.st_size,
                    "modified_at": modified.strftime("%Y-%m-%d %H:%M:%S.%f"),
                }
            )
    return json.dumps(found)


def inspect_file(path: str) -> str:
    """Read a delivered file once, before it lands, and tell what its reader needs to know.

    Returns a JSON object: sha256, format, compression (of text), columns (names in order), types
    (of the columns, parquet), delimiter (csv), is_utf8, rows_delivered, and error (null for a
    readable file, else why it can't be read).
    """
    facts = {
        "sha256": None,
        "format": file_format(path),
        "compression": "gzip" if path.lower().endswith(".gz") else "none",
        "columns": [],
        "types": [],
        "delimiter": None,
        "is_utf8": True,
        "rows_delivered": 0,
        "error": None,
    }
    try:
        with open(path, "rb") as stream:
            facts["sha256"] = hashlib.file_digest(stream, "sha256").hexdigest()
        if facts["format"] is None:
            facts["error"] = f"unknown file type; known are {', '.join(FORMATS)}"
        elif facts["format"] == "parquet":
            facts.update(_inspect_parquet(path))
        else:
            facts.update(_inspect_text(path, facts["format"]))
        repeated = [name for name, copies in Counter(facts["columns"]).items() if copies > 1]
        if repeated:
            facts["error"] = f"columns appear more than once: {', '.join(map(repr, repeated))}"
    except (OSError, EOFError, ValueError, gzip.zlib.error, duckdb.Error) as error:
        facts["error"] = f"unreadable: {(str(error) or repr(error)).splitlines()[0]}"
    return json.dumps(facts)


def _inspect_parquet(path: str) -> dict:
    """Decode every value once: only that finds a damaged page or text that is not UTF-8."""
    with duckdb.connect() as connection:
        source = connection.read_parquet(_literal(path), hive_partitioning=False)
        if "file_row_number" in map(str.lower, source.columns):
            raise ValueError("DuckDB can't read a column called file_row_number: rename it")
        names = [name.replace('"', '""') for name in source.columns]
        decode = ", ".join(f'max(hash("{name}"))' for name in names)
        rows = source.aggregate(f"count(*), {decode}").fetchone()[0]
        return {
            "columns": source.columns,
            "types": [str(kind) for kind in source.types],
            "rows_delivered": rows,
        }


def _inspect_text(path: str, form: str) -> dict:
    opener = gzip.open if path.lower().endswith(".gz") else open
    is_utf8, rows, head = True, 0, []
    if opener is gzip.open and os.path.getsize(path) == 0:
        raise ValueError("the file is empty: not even a gzip header")
    with opener(path, "rb") as stream:
        while line := stream.readline(LONGEST_LINE_BYTES + 1):
            if len(line) > LONGEST_LINE_BYTES:
                raise ValueError(f"a line after row {rows} is over {LONGEST_LINE_BYTES} bytes")
            if is_utf8 and not line.isascii():
                is_utf8 = _is_utf8(line)
            # A carriage return ends a line as well, with or without a line feed.
            for text in filter(None, line.rstrip(b"\n").split(b"\r")):
                rows += 1
                if rows <= SAMPLED_JSON_LINES:
                    head.append(text.decode("utf-8", "replace"))
    if head:
        head[0] = head[0].removeprefix("\ufeff")
    if form == "lines":
        return {"is_utf8": is_utf8, "rows_delivered": rows, "columns": ["line"]}
    if form == "jsonl":
        return {"is_utf8": is_utf8, "rows_delivered": rows, "columns": _json_keys(head)}
    if not head:
        raise ValueError("the file is empty: not even a header")
    delimiter = max(DELIMITERS, key=head[0].count)
    (header,) = csv.reader(head[:1], delimiter=delimiter)
    return {
        "is_utf8": is_utf8,
        "rows_delivered": rows - 1,
        "columns": [name.strip() for name in header],
        "delimiter": delimiter,
    }


def _as_text(path: Path) -> str:
    """Return a path for DuckDB; a byte that is not UTF-8 is shown, so that file can't be opened."""
    return path.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _literal(path: str) -> str:
    """Return a pattern that matches this path alone: `[`, `*` and `?` are wildcards to DuckDB."""
    return "".join(f"[{letter}]" if letter in "[*?" else letter for letter in path)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _json_keys(lines: list[str]) -> list[str]:
    keys: dict[str, None] = {}
    for line in lines:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue  # a broken line is the row's own fault: it lands and is quarantined
        if isinstance(value, dict):
            keys.update(dict.fromkeys(value))
    return list(keys)


def publish_catalog(connection: duckdb.DuckDBPyConnection, lake: Path) -> str:
    """Give readers the committed state of the lake: a copy of its catalog, renamed into place.

    Data files never change, so a copy of the catalog is a copy of the whole state. Readers open it
    while the next refresh writes; one that has an older copy open keeps it. The copy notes where
    the data lies now: the lake may have been moved since its own catalog noted it.

    Args:
        connection: connection that has the lake attached as `lake`.
        lake: folder of the lake.

    Returns:
        Path of the published catalog.
    """
    published, unfinished = lake / PUBLISHED_CATALOG, lake / f".{PUBLISHED_CATALOG}.unfinished"
    unfinished.unlink(missing_ok=True)
    with connection.cursor() as cursor:
        cursor.execute(f"attach {sql_text(str(unfinished))} as unfinished_publication")
        cursor.execute("copy from database __ducklake_metadata_lake to unfinished_publication")
        cursor.execute(
            "update unfinished_publication.ducklake_metadata set value = $1"
            " where key = 'data_path' and scope is null",
            [f"{lake.absolute()}/data/"],
        )
        cursor.execute("detach unfinished_publication")
    unfinished.replace(published)
    return str(published)


def _connect_serving(connection: duckdb.DuckDBPyConnection) -> str:
    from serving import connect_serving  # which imports this module

    return connect_serving(connection)


class Plugin(BasePlugin):
    """Makes the lake's folder, its extension and the functions of this module available to dbt."""

    def initialize(self, plugin_config: dict) -> None:
        """Make the lake's folder: DuckLake makes its catalog there, but not the folder."""
        check_lake_path(plugin_config["lake_path"])
        self.lake = Path(plugin_config["lake_path"])
        self.lake.mkdir(parents=True, exist_ok=True)

    def configure_connection(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Load DuckLake and register the landing functions."""
        load_ducklake(connection)
        connection.create_function(
            "delivered_files", delivered_files, ["VARCHAR", "VARCHAR"], "VARCHAR", side_effects=True
        )
        connection.create_function(
            "inspect_file", inspect_file, ["VARCHAR"], "VARCHAR", side_effects=True
        )
        connection.create_function(
            "connect_serving",
            lambda: _connect_serving(connection),
            [],
            "VARCHAR",
            side_effects=True,
        )
        connection.create_function(
            "publish_catalog",
            lambda: publish_catalog(connection, self.lake),
            [],
            "VARCHAR",
            side_effects=True,
        )
