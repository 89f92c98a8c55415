"""Delivered files: which there are, and one careful read of each before it lands.

A file is read once. That read takes the checksum, judges whether the file can be landed, and puts
its rows into a private copy which DuckDB lands (rows.py): so rows and ledger entry come from the
same read, whatever happens to the file meanwhile. Nothing here raises because of what a file holds.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import stat
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock
from urllib.parse import quote_from_bytes, unquote_to_bytes

import duckdb

from reelhouse.lake.documents import rows_of
from reelhouse.paths import MAPPING_SUFFIXES, MAPPINGS_FOLDER, landing_models

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
DELIMITERS = (",", ";", "\t", "|")
CHUNK_BYTES = 1 << 20
SAMPLED_JSON_LINES = 1000
SAMPLED_JSON_BYTES = 16 << 20
MOST_COLUMNS = 10_000
LONGEST_REASON_CHARACTERS = 500
# Up to this size (bytes) a compressed file may expand as far as it likes: a small one does no harm.
HARMLESS_BYTES = 64 << 20
# A JSON document is read as a whole; a file with a larger one is rejected.
MOST_DOCUMENT_BYTES = 64 << 20
# Between the fields of a private copy.
SEPARATOR = b"\x1f"
# In the folder of a feed's copies: the files that they are of, a line each.
NAMES = "names"
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
CHANGED = "it changed while it was read; the next refresh tries it again"
LINK_LEAVES = (
    "a link that leaves the landing folder: copy the data into it, or allow such links with the"
    " variable follow_links_out_of_landing"
)


def file_format(name: str) -> str | None:
    """Return the reader for a file name (`parquet`, `csv`, `jsonl`, `lines`), None if unknown."""
    lowered = name.lower()
    return next((form for suffix, form in FORMATS.items() if lowered.endswith(suffix)), None)


def delivered_files(landing_path: str, feed: str, follow_links: bool = False) -> str:
    """List a feed's files as a JSON array of {file, path, size_bytes, modified_at, problem}.

    `file` is relative to the landing path, so that moving the folder does not land it again. `path`
    is percent-encoded, because a path is bytes and need not be text. `problem` says why the entry
    must not be opened: it is no regular file, or a link that leaves the landing folder without
    consent. A folder that can't be listed is an entry with that problem.

    Names that start with a dot or an underscore are somebody's unfinished work and are left out.
    A feed without a folder has no files. A folder that is linked to several times is read once.

    Raises:
        FileNotFoundError: the landing path does not exist.
    """
    root = landing_root(landing_path)
    found: list[dict] = []
    if os.path.lexists(root / feed):
        _list_folder(root, root / feed, follow_links, set(), found)
    return json.dumps(found)


def landing_root(landing_path: str) -> Path:
    """Return the landing folder.

    Raises:
        FileNotFoundError: it does not exist, or is no folder.
    """
    root = Path(landing_path)
    if not root.is_dir():
        raise FileNotFoundError(
            f"the landing_path '{landing_path}' is no folder ({root.resolve()})"
        )
    return root


def _list_folder(
    root: Path, folder: Path, follow_links: bool, walked: set[str], found: list[dict]
) -> None:
    if not follow_links and _leaves(root, folder):
        found.append(_entry(root, folder, LINK_LEAVES))
        return
    real = os.path.realpath(folder)
    if real in walked:
        return
    walked.add(real)
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        found.append(_entry(root, folder, f"unreadable: {_first_line(error)}"))
        return
    visible = [folder / name for name in names if name[0] not in "._"]
    folders = [path for path in visible if os.path.isdir(path)]
    for path in visible:
        if path not in folders and (entry := _file_entry(root, path, follow_links)):
            found.append(entry)
    for path in folders:
        _list_folder(root, path, follow_links, walked, found)


def _file_entry(root: Path, path: Path, follow_links: bool) -> dict | None:
    try:
        status = path.stat() if path.exists() else path.lstat()
    except FileNotFoundError:
        return None  # taken away since the folder was listed
    except OSError as error:
        return _entry(root, path, f"unreadable: {_first_line(error)}")
    if not follow_links and _leaves(root, path):
        return _entry(root, path, LINK_LEAVES)
    return _entry(root, path, _kind_problem(status))


def _entry(root: Path, path: Path, problem: str | None) -> dict:
    try:
        status = path.stat() if path.exists() else path.lstat()
    except OSError:
        status = os.stat_result((0,) * 10)
    return {
        "file": _as_text(path.relative_to(root)),
        "path": quote_from_bytes(os.fsencode(path)),
        "size_bytes": status.st_size,
        "modified_at": _modified_at(status),
        "problem": problem,
    }


def _leaves(root: Path, path: Path) -> bool:
    """Tell whether a path is really somewhere else than under the landing folder."""
    real, real_root = os.path.realpath(path), os.path.realpath(root)
    return real != real_root and not real.startswith(real_root.rstrip("/") + "/")


def _kind_problem(status: os.stat_result) -> str | None:
    if stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
        return None  # a link that is not followed here points to nowhere: opening it says so
    kind = KINDS.get(stat.S_IFMT(status.st_mode), "something else")
    return f"{kind} and no regular file"


def _modified_at(status: os.stat_result) -> str | None:
    """Return the time of the last change (UTC); None for a time that no calendar has."""
    try:
        moment = datetime.fromtimestamp(status.st_mtime, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")


def _as_text(path: Path) -> str:
    """Return a path to show; a byte that is not UTF-8 is spelled out."""
    return path.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def unread_input(landing_path: str, feeds: list[str], follow_links: bool = False) -> list[str]:
    """Return a line for each thing in the landing folder that no feed reads, with what to do.

    These are folders that are no feed, files beside the folders, entries that can't be opened, and
    names that are skipped because they start with a dot or an underscore.
    """
    root = landing_root(landing_path)
    lines, skipped = [], []
    try:
        names = sorted(os.listdir(root))
    except OSError as error:
        return [f"{landing_path} can't be listed: {_first_line(error)}"]
    for name in names:
        shown = _as_text(Path(name))
        if name[0] in "._":
            skipped.append(shown)
        elif not (root / name).is_dir():
            lines.append(f"{shown} is in no feed's folder: move it into the folder of its feed")
        elif name == MAPPINGS_FOLDER:
            lines += [
                f"{shown}/{path.name} is no mapping: these end in .yml"
                for path in sorted((root / name).iterdir())
                if path.suffix not in MAPPING_SUFFIXES
            ]
        elif name not in feeds and name in landing_models():
            if any((root / name).iterdir()):
                lines.append(
                    f"{shown}/ is a feed that is switched off: add it to `feeds` in reelhouse.yml"
                )
        elif name not in feeds:
            lines.append(f"{shown}/ is no feed{_nearest_feed(name, feeds)}")
    for feed in feeds:
        for entry in json.loads(delivered_files(landing_path, feed, follow_links)):
            if entry["problem"]:
                lines.append(f"{entry['file']}: {entry['problem']}")
        for folder, subfolders, files in os.walk(root / feed):
            skipped += [
                _as_text((Path(folder) / name).relative_to(root))
                for name in subfolders + files
                if name[0] in "._"
            ]
            subfolders[:] = [name for name in subfolders if name[0] not in "._"]
    if skipped:
        examples = ", ".join(skipped[:3]) + (", ..." if len(skipped) > 3 else "")
        lines.append(f"{len(skipped)} skipped for a dot or an underscore in front: {examples}")
    return lines


def _nearest_feed(name: str, feeds: list[str]) -> str:
    near = difflib.get_close_matches(name.lower().replace("-", "_"), feeds, n=1)
    if near:
        return f": did you mean {near[0]}?"
    return f"; feeds are {', '.join(sorted(feeds))}"


def standing_rejections(landing_path: str, entries: list[tuple]) -> list[str]:
    """Return a line for each rejected delivery that still lies there.

    Args:
        landing_path: the landing folder.
        entries: (file, size_bytes, modified_at, reason) of the ledger's rejected entries.
    """
    lines = []
    for file, size_bytes, modified_at, reason in entries:
        try:
            status = os.stat(Path(landing_path) / file)
        except (OSError, ValueError):
            continue
        if (status.st_size, _modified_at(status)) == (
            size_bytes,
            modified_at and modified_at.isoformat(" ", "microseconds"),
        ):
            lines.append(f"still rejected {file}: {reason}")
    return lines


class Incoming:
    """The private copies of a feed's new files, in a folder of the lake."""

    def __init__(self, lake: Path, connection: duckdb.DuckDBPyConnection | None = None) -> None:
        """Keep the copies below the lake's folder; footers of Parquet are read with the connection.

        To open a DuckDB for each file takes longer than to read the file.
        """
        self.root = lake / ".incoming"
        self.connection = connection or duckdb.connect()
        self.lock = Lock()

    def clear(self, feed: str) -> str:
        """Remove a feed's copies, and return the files of an earlier refresh that had left them.

        A refresh removes its copies itself when their rows are in. So where there are some before
        it starts, an earlier one was killed, or failed while it landed these files.
        """
        names = self.root / feed / NAMES
        left = names.read_text(errors="replace").splitlines() if names.exists() else []
        shutil.rmtree(self.root / feed, ignore_errors=True)
        return _shortened(", ".join(left))

    def take(
        self, feed: str, number: int, path: str, problem: str, known: str, options: str
    ) -> str:
        """Read a delivered file once, copy its rows, and tell what landing needs to know.

        Args:
            feed: name of the feed.
            number: number of the file among the feed's new ones; it stands in the copy.
            path: the file, percent-encoded (see `delivered_files`).
            problem: why the file must not be opened; empty if it may be.
            known: JSON list of checksums: a file that has one of them is not copied.
            options: JSON object: columns (of the feed), longest_line_bytes, most_rows_per_file,
                highest_expansion (decompressed bytes per compressed byte), and what a mapping says of
                the file: format, rows and skip (docs/your-own-data.md).

        Returns:
            A JSON object: sha256 (null if the file was not read to its end), size_bytes and
            modified_at of what was read (null if it could not be opened), format, columns (names in
            order), types (of the columns, parquet), delimiter (csv), copy (path of the rows),
            rows_delivered, and error (null for a readable file, else why it can't be landed).
        """
        with self.lock:  # copies of text share a file
            return json.dumps(self._facts(feed, number, path, problem, known, options))

    def _facts(
        self, feed: str, number: int, path: str, problem: str, known: str, options: str
    ) -> dict:
        name = unquote_to_bytes(path)
        facts = {
            "sha256": None,
            "size_bytes": None,
            "modified_at": None,
            "format": json.loads(options).get("format") or file_format(os.fsdecode(name)),
            "columns": [],
            "types": [],
            "delimiter": None,
            "copy": None,
            "rows_delivered": 0,
            "error": problem or None,
        }
        if not problem:
            folder = self.root / feed
            folder.mkdir(parents=True, exist_ok=True)
            try:
                if _has_checksum(name, json.loads(known), facts):
                    return facts
                with (folder / NAMES).open("a") as names:
                    names.write(_as_text(Path(os.fsdecode(name))) + "\n")
                _read_once(name, number, folder, json.loads(options), facts, self.connection)
            except Unacceptable as error:
                facts["error"] = str(error)
            except (
                OSError,
                EOFError,
                ValueError,
                RecursionError,
                csv.Error,
                gzip.zlib.error,
                duckdb.Error,
            ) as error:
                message = _first_line(error)
                copy = f"'{folder}/{number}.parquet'"
                for shown in (f"{copy} ", f" {copy}"):
                    message = message.replace(shown, "")
                facts["error"] = f"unreadable: {message}"
        if facts["error"]:
            facts.update(copy=None, rows_delivered=0, error=_shortened(facts["error"]))
        return facts


class Unacceptable(ValueError):
    """What a file holds can't be landed; the message is the reason."""


class OverLimit(Unacceptable):
    """A limit stopped the read. The file stays unidentified: with another limit it may land."""


def _has_checksum(name: bytes, known: list[str], facts: dict) -> bool:
    """Tell whether a file is one of the known contents; the checksum is a fact then."""
    if not known:
        return False
    with _opened(name) as source:
        source.read_rest()
        if (checksum := source.digest.hexdigest()) in known:
            facts["sha256"] = checksum
    return facts["sha256"] is not None


@contextmanager
def _opened(name: bytes) -> Iterator[_Hashed]:
    """Open a delivered file.

    Raises:
        Unacceptable: it is no regular file.
        OSError: it can't be opened.
    """
    # Never wait: opening a pipe without a writer would.
    descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with open(descriptor, "rb", buffering=0) as stream:
        if problem := _kind_problem(os.fstat(descriptor)):
            raise Unacceptable(problem)
        yield _Hashed(stream)


def _read_once(
    name: bytes,
    number: int,
    folder: Path,
    options: dict,
    facts: dict,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Fill in the facts about a file while its rows are copied.

    Raises:
        OSError, EOFError, ValueError, csv.Error, zlib.error, duckdb.Error: it can't be read.
    """
    with _opened(name) as source:
        # Of the file that is read: the one that was listed may have changed since.
        facts.update(size_bytes=source.size_bytes, modified_at=source.modified_at)
        copies = {"parquet": partial(_ParquetCopy, connection), None: _NoCopy}
        copy = copies.get(facts["format"], _TextCopy)(folder, number, facts)
        try:
            copy.write(source, os.fsdecode(name).lower().endswith(".gz"), options)
            _check_columns(facts)
            if source.has_changed():
                raise OverLimit(CHANGED)
        except Exception as error:
            copy.undo()
            if source.has_changed():
                raise OverLimit(CHANGED) from error
            if not isinstance(error, OverLimit):
                source.read_rest()
                facts["sha256"] = source.digest.hexdigest()
            raise
        facts["sha256"] = source.digest.hexdigest()


def _check_columns(facts: dict) -> None:
    columns = facts["columns"]
    if len(columns) > MOST_COLUMNS:
        facts["columns"] = []
        raise Unacceptable(f"{len(columns):,} columns are more than {MOST_COLUMNS:,}")
    repeated = [name for name, copies in Counter(columns).items() if copies > 1]
    if repeated:
        raise Unacceptable(f"columns appear more than once: {', '.join(map(repr, repeated))}")
    unprintable = [name for name in columns if "\0" in name]
    if unprintable:
        facts["columns"] = [name.replace("\0", "\ufffd") for name in columns]
        raise Unacceptable(f"a column's name holds a NUL byte: {unprintable[0]!r}")


class _Hashed(io.RawIOBase):
    """A file that is read front to back, with the checksum of what was read.

    It ends at the size that the file had at first: one that grows faster than it is read would
    never end.
    """

    def __init__(self, stream: io.FileIO) -> None:
        self.stream, self.identity = stream, _identity(stream)
        status = os.fstat(stream.fileno())
        self.size_bytes = self.left = status.st_size
        self.modified_at = _modified_at(status)
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        view = memoryview(buffer)[: self.left]
        count = self.stream.readinto(view) or 0
        self.digest.update(view[:count])
        self.left -= count
        return count

    def has_changed(self) -> bool:
        """Tell whether the file has changed since it was opened."""
        return _identity(self.stream) != self.identity

    def read_rest(self) -> None:
        """Read to the end for the checksum alone."""
        while self.read(CHUNK_BYTES):
            pass


def _identity(stream: io.FileIO) -> tuple:
    status = os.fstat(stream.fileno())
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


class _NoCopy:
    """A file of no known type: only its checksum is taken."""

    def __init__(self, folder: Path, number: int, facts: dict) -> None:
        pass

    def write(self, source: _Hashed, is_gzip: bool, options: dict) -> None:
        raise Unacceptable(f"unknown file type; known are {', '.join(FORMATS)}")

    def undo(self) -> None:
        pass


class _ParquetCopy:
    """The file itself under a plain name, and what its footer says. Landing decodes it, once."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, folder: Path, number: int, facts: dict
    ) -> None:
        self.path, self.facts = folder / f"{number}.parquet", facts
        self.connection = connection

    def write(self, source: _Hashed, is_gzip: bool, options: dict) -> None:
        with open(self.path, "wb") as copy:
            shutil.copyfileobj(source, copy, CHUNK_BYTES)
        with self.connection.cursor() as cursor:
            self._read_footer(cursor, options)
        self.facts["copy"] = str(self.path)

    def _read_footer(self, cursor: duckdb.DuckDBPyConnection, options: dict) -> None:
        (rows,) = cursor.execute(
            "select sum(num_rows) from parquet_file_metadata($1)", [str(self.path)]
        ).fetchone()
        if rows > options["most_rows_per_file"]:
            raise OverLimit(f"{rows:,} rows are more than {options['most_rows_per_file']:,}")
        table = cursor.read_parquet(str(self.path), hive_partitioning=False)
        if "file_row_number" in map(str.lower, table.columns):
            raise Unacceptable("DuckDB can't read a column called file_row_number: rename it")
        self.facts["columns"], self.facts["types"] = table.columns, [str(t) for t in table.types]
        _check_columns(self.facts)
        self.facts["rows_delivered"] = int(rows)

    def undo(self) -> None:
        self.path.unlink(missing_ok=True)


class _TextCopy:
    """The lines of a text file, at the end of the file of all the feed's lines of this kind.

    A line of the copy is: number of the file, number of the line, how the line is spelled, the
    line. Spelled: empty, as it stands; b, in base64; m, in base64 because it is not UTF-8, each
    byte as one character. Empty lines are left out and counted.
    """

    def __init__(self, folder: Path, number: int, facts: dict) -> None:
        self.folder, self.number, self.facts = folder, number, facts
        self.copy, self.start = None, 0
        # Of W3C logs: where a line has the fields of the first header, if not in its order.
        self.order: list[int | None] | None = None

    def write(self, source: _Hashed, is_gzip: bool, options: dict) -> None:
        if is_gzip and source.size_bytes == 0:
            raise ValueError("the file is empty: not even a gzip header")
        stream = io.BufferedReader(source, CHUNK_BYTES)
        if is_gzip:
            stream = gzip.GzipFile(fileobj=stream)
        form, longest = self.facts["format"], options["longest_line_bytes"]
        if form == "json":
            stream = _JsonRows(stream, options.get("rows") or [])
        skipped = re.compile(options["skip"].encode()) if "skip" in options else None
        keys = _JsonKeys()
        filled, line_number = 0, 1
        for lines in _lines(stream, longest, source.size_bytes, options["highest_expansion"]):
            if line_number == 1:
                lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
            if max(map(len, lines)) > longest:
                before = next(i for i, line in enumerate(lines) if len(line) > longest)
                filled += sum(map(bool, lines[:before]))
                raise OverLimit(f"a line after row {filled} is over {longest} bytes")
            numbered = [pair for pair in enumerate(lines, line_number) if pair[1]]
            line_number += len(lines)
            if skipped:
                numbered = [pair for pair in numbered if not skipped.search(pair[1])]
            filled += len(numbered)
            if not numbered:
                continue
            if form == "csv" and self.copy is None:
                self._read_header(numbered.pop(0)[1])
            elif form in ("jsonl", "json"):
                keys.look_at(numbered)
            elif form == "w3c":
                found = len(numbered)
                numbered = self._rows_of_w3c(numbered)
                filled -= found - len(numbered)
            self._append(numbered)
            if filled > options["most_rows_per_file"]:
                raise OverLimit(f"over {options['most_rows_per_file']:,} rows")
        if form == "csv" and self.copy is None:
            raise Unacceptable("the file is empty: not even a header")
        if form in ("jsonl", "json", "lines"):
            self.facts["columns"] = ["line"] if form == "lines" else list(keys.names)
        self.facts["rows_delivered"] = filled - (form == "csv")
        if self.copy:
            self.copy.close()

    def _read_header(self, line: bytes) -> None:
        header = line.decode("utf-8", "replace")
        delimiter = max(DELIMITERS, key=header.count)
        (names,) = csv.reader([header], delimiter=delimiter)
        self.facts.update(delimiter=delimiter, columns=[name.strip() for name in names])
        _check_columns(self.facts)
        self._open(f"csv_{DELIMITERS.index(delimiter)}.lines")

    def _rows_of_w3c(self, numbered: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """Return the lines that are no directive, their fields in the order of the first header."""
        rows = []
        for number, line in numbered:
            if line.startswith(b"#Fields:"):
                self._read_fields(number, line.decode("utf-8", "replace").split()[1:])
            elif not line.startswith(b"#"):
                if not self.facts["columns"]:
                    raise Unacceptable(f"line {number} is a row, and no #Fields line came before")
                if self.copy is None:
                    delimiter = "\t" if b"\t" in line else " "
                    self.facts["delimiter"] = delimiter
                    self._open(f"w3c_{ord(delimiter)}.lines")
                rows.append((number, self._in_order(line)))
        return rows

    def _read_fields(self, number: int, names: list[str]) -> None:
        first = self.facts["columns"]
        if not first:
            self.facts["columns"] = names
            _check_columns(self.facts)
        elif new := [name for name in names if name not in first]:
            raise Unacceptable(f"#Fields of line {number} has what the first has not: {new[0]}")
        else:
            known = [names.index(name) if name in names else None for name in first]
            self.order = None if names == first else known

    def _in_order(self, line: bytes) -> bytes:
        if self.order is None:
            return line
        delimiter = self.facts["delimiter"].encode()
        fields = line.split(delimiter)
        known = [position for position in self.order if position is not None]
        if len(fields) != len(known):
            return line + delimiter + delimiter.join(fields)  # quarantined: too many fields
        return delimiter.join(b"-" if p is None else fields[p] for p in self.order)

    def _open(self, name: str) -> None:
        path = self.folder / name
        self.copy = path.open("ab")
        self.start = self.copy.tell()
        self.facts["copy"] = str(path)

    def _append(self, numbered: list[tuple[int, bytes]]) -> None:
        if not numbered:
            return
        if self.copy is None:
            self._open(f"{self.facts['format']}.lines")
        if _are_plain([line for _, line in numbered]):
            row = b"%d\x1f%%d\x1f\x1f%%b\n" % self.number
            self.copy.write(b"".join([row % pair for pair in numbered]))
        else:
            row = b"%d\x1f%%d\x1f%%b\x1f%%b\n" % self.number
            self.copy.write(b"".join([row % (n, *_spelled(line)) for n, line in numbered]))

    def undo(self) -> None:
        if self.copy:
            self.copy.close()
            os.truncate(self.copy.name, self.start)


class _JsonRows:
    """The rows of JSON documents as a stream of lines."""

    def __init__(self, stream: io.IOBase, steps: list) -> None:
        self.stream, self.steps = stream, list(steps) if isinstance(steps, list) else [steps]
        self.rows: Iterator[dict] | None = None

    def read(self, size_bytes: int) -> bytes:
        """Return lines of about that many bytes; none at the end."""
        if self.rows is None:
            text = self.stream.read(MOST_DOCUMENT_BYTES + 1)
            if len(text) > MOST_DOCUMENT_BYTES:
                raise OverLimit(f"JSON of more than {MOST_DOCUMENT_BYTES:,} bytes")
            self.rows = rows_of(text.decode("utf-8-sig"), self.steps)
        lines, filled = [], 0
        while filled < size_bytes and (row := next(self.rows, None)) is not None:
            lines.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
            filled += len(lines[-1])
        return b"".join(lines)


def _lines(
    stream: io.IOBase, longest: int, size_bytes: int, highest_expansion: int
) -> Iterator[list[bytes]]:
    """Yield the lines of a stream, some at a time. A carriage return ends a line as well."""
    rest, read_bytes = b"", 0
    while chunk := stream.read(CHUNK_BYTES):
        read_bytes += len(chunk)
        if read_bytes > max(HARMLESS_BYTES, size_bytes * highest_expansion):
            raise OverLimit(f"it expands to more than {highest_expansion} times its size")
        chunk = rest + chunk
        # The last carriage return may have its line feed in the next chunk.
        end = chunk.rfind(b"\n") + 1 or chunk.rfind(b"\r", 0, -1) + 1
        if not end and len(chunk) > longest:
            end = len(chunk)
        if end:
            yield _split(chunk[:end])
        rest = chunk[end:]
    if rest:
        yield _split(rest)


def _split(text: bytes) -> list[bytes]:
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = text.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _are_plain(lines: list[bytes]) -> bool:
    """Tell whether lines can stand in the copy as they are."""
    text = b"\n".join(lines)
    return SEPARATOR not in text and b"\0" not in text and _is_utf8(text)


def _spelled(line: bytes) -> tuple[bytes, bytes]:
    if not _is_utf8(line):
        return b"m", b64encode(line.decode("latin-1").encode())
    if SEPARATOR in line or b"\0" in line:
        return b"b", b64encode(line)
    return b"", line


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class _JsonKeys:
    """The keys of a file's first lines, as far as they can be written down."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.lines, self.bytes = 0, 0

    def look_at(self, numbered: list[tuple[int, bytes]]) -> None:
        for _, line in numbered:
            if self.lines >= SAMPLED_JSON_LINES or self.bytes >= SAMPLED_JSON_BYTES:
                return
            self.lines += 1
            self.bytes += len(line)
            try:
                value = json.loads(line.decode("utf-8", "replace"))
            except (ValueError, RecursionError):
                continue  # a broken line is the row's own fault: it lands and is quarantined
            if isinstance(value, dict) and len(self.names) <= MOST_COLUMNS:
                self.names.update(dict.fromkeys(filter(_is_writable, value)))


def _is_writable(name: str) -> bool:
    return "\0" not in name and not any("\ud800" <= letter <= "\udfff" for letter in name)


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error) or repr(error)).splitlines()[0]


def _shortened(reason: str) -> str:
    reason = reason.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if len(reason) > LONGEST_REASON_CHARACTERS:
        return reason[:LONGEST_REASON_CHARACTERS] + " ..."
    return reason
