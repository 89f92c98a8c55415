"""What the embedded lake needs from Python: its extension, and the reading of delivered files.

dbt-duckdb loads this module as a plugin (see profiles/profiles.yml). It adds SQL functions:
`delivered_files`, `take_file`, `clear_taken` and `unread_input` (see delivery.py), because SQL
cannot catch the error of an unreadable file, and `publish_catalog`, because SQL cannot rename one.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from delivery import Incoming, delivered_files, unread_input

LIVE_CATALOG = "catalog.ducklake"
PUBLISHED_CATALOG = "published.ducklake"
# Letters that a lake's path must not hold, and what DuckDB takes them for.
UNUSABLE_LETTERS = {"?": "the start of options", "\\": "a separator of folders"}
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
        """Make the lake's folder: DuckLake makes its catalog there, but not the folder.

        What the process writes from here on is for owner and group alone; an existing lake's folder
        is closed to others as well.
        """
        check_lake_path(plugin_config["lake_path"])
        os.umask(os.umask(0o007) | 0o007)
        self.lake = Path(plugin_config["lake_path"])
        self.lake.mkdir(parents=True, exist_ok=True)
        with suppress(PermissionError):  # a group's member writes to it and does not own it
            self.lake.chmod(self.lake.stat().st_mode & 0o7770)
        self.incoming = Incoming(self.lake)

    def configure_connection(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Load DuckLake and register the functions."""
        load_ducklake(connection)
        functions = {
            "delivered_files": (delivered_files, ["VARCHAR", "VARCHAR", "BOOLEAN"]),
            "take_file": (self.incoming.take, ["VARCHAR", "BIGINT", *["VARCHAR"] * 4]),
            "clear_taken": (self.incoming.clear, ["VARCHAR"]),
            "unread_input": (
                lambda path, feeds, links: json.dumps(unread_input(path, feeds, links)),
                ["VARCHAR", "VARCHAR[]", "BOOLEAN"],
            ),
            "connect_serving": (lambda: _connect_serving(connection), []),
            "publish_catalog": (lambda: publish_catalog(connection, self.lake), []),
        }
        for name, (function, parameters) in functions.items():
            connection.create_function(name, function, parameters, "VARCHAR", side_effects=True)
